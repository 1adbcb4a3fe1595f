/** @file Settings of nnU-Net's networks. */
import { describe } from '../base/describe.ts';
import { ConfigError } from '../base/errors.ts';
import { expectOneOf, expectSettings, expectWhole, withoutUndefined } from '../base/settings.ts';
import type { Precision } from './headed.ts';
import { expectLevels, type UNetLevel } from './levels.ts';

/** What U-Nets of planned levels have in common; names as in nnU-Net’s plans. */
export interface LevelUNetOptions {
  /** Channels of the images, default 1. */
  readonly channelsIn?: number;
  /** Channels of the outputs: classes, background included. */
  readonly classes: number;
  /** Finest first: `planLevels(…).levels`. Kernels of three axes make it one of volumes, of two one of images. */
  readonly levels: readonly UNetLevel[];
  /** Channels of each level; default 32·2^level, at most 320 of volumes and 512 of images. */
  readonly channels?: readonly number[];
  /** Of the first weights; default 0. */
  readonly seed?: number;
  /** `mixed`: images and weights of the convolutions in f16, sums, norms and what is trained in f32. Default f32. */
  readonly precision?: Precision;
}

/** Of a `PlainConvUNet`. */
export interface PlainConvUNetOptions extends LevelUNetOptions {
  /** Convolutions of each level on the way down; default 2. */
  readonly convolutions?: readonly number[];
  /** Convolutions of each level but the deepest on the way up, finest first; default 2. */
  readonly decoderConvolutions?: readonly number[];
}

/** Of a `ResidualEncoderUNet`. */
export interface ResidualEncoderUNetOptions extends LevelUNetOptions {
  /** Residual blocks of each level on the way down; default 1, 3, 4, then 6. */
  readonly blocks?: readonly number[];
  /** Convolutions of each level but the deepest on the way up, finest first; default 1. */
  readonly decoderConvolutions?: readonly number[];
}

/** The options with their defaults, and how many blocks each level has. */
export type LevelSettings = Required<LevelUNetOptions> & {
  readonly encoder: readonly number[];
  readonly decoder: readonly number[];
};

/** Whole numbers from 1, one for each of so many levels. */
function expectCounts(name: string, counts: unknown, length: number): readonly number[] {
  if (!Array.isArray(counts) || counts.length !== length)
    throw new ConfigError(
      `${name} are ${describe(counts)}. Use a list of ${length} numbers, one for each level.`,
    );
  for (const [i, count] of counts.entries()) expectWhole(`${name}[${i}]`, count, 1);
  return counts;
}

/** Per-level lists of options by the name under which they were given. */
interface Counts {
  readonly encoder: readonly [
    name: string,
    given: readonly number[] | undefined,
    usual: (level: number) => number,
  ];
  readonly decoder: readonly [given: readonly number[] | undefined, usual: number];
}

const shared = ['channelsIn', 'classes', 'levels', 'channels', 'decoderConvolutions', 'seed', 'precision'];

/** @throws ConfigError for options that are none */
export function settingsOf(call: string, options: LevelUNetOptions, counts: Counts): LevelSettings {
  const [name, given, usual] = counts.encoder;
  const [way, usually] = counts.decoder;
  expectSettings(`options of ${call}`, options, [...shared, name]);
  const rank = expectLevels(`${call}.levels`, options.levels);
  const { length } = options.levels;
  const most = rank === 3 ? 320 : 512;
  const settings = {
    ...{ channelsIn: 1, seed: 0, precision: 'f32' as const },
    channels: options.levels.map((_, level) => Math.min(most, 32 * 2 ** level)),
    ...withoutUndefined(options),
    encoder: given ?? options.levels.map((_, level) => usual(level)),
    decoder: way ?? options.levels.slice(1).map(() => usually),
  };
  expectCounts(`${call}.channels`, settings.channels, length);
  expectCounts(`${call}.${name}`, settings.encoder, length);
  expectCounts(`${call}.decoderConvolutions`, settings.decoder, length - 1);
  for (const one of ['channelsIn', 'classes'] as const) expectWhole(`${call}.${one}`, settings[one], 1);
  expectWhole(`${call}.seed`, settings.seed, 0);
  expectOneOf(`${call}.precision`, settings.precision, ['f32', 'mixed']);
  return settings;
}
