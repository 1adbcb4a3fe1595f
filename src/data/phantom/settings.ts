/** @file What a caller can choose about phantom subjects, and what each difficulty means. */
import { ConfigError } from '../../base/errors.ts';
import { refused } from '../../base/needed.ts';

export type PhantomDifficulty = 'easy' | 'mid' | 'hard';

/** The five groups of ACDC: normal, infarction, dilated, hypertrophic, abnormal right ventricle. */
export const PHANTOM_GROUPS = ['NOR', 'MINF', 'DCM', 'HCM', 'RV'] as const;
export type PhantomGroup = (typeof PHANTOM_GROUPS)[number];

export interface PhantomOptions {
  /** Default `mid`. */
  readonly difficulty?: PhantomDifficulty;
  /** Phases of the cardiac cycle, 1 … 30. Default 2: end diastole and end systole. */
  readonly phases?: number;
  /** Side of the square images in pixels, 16 … 512. Default 128. */
  readonly size?: number;
  /** Pixel spacing in mm, 0.5 … 16. Default 256 / size: a field of view of 256 mm. */
  readonly spacingMm?: number;
  /** Also make a 2-chamber and a 4-chamber image for each phase. Default true. */
  readonly longAxis?: boolean;
}

export type PhantomSettings = Required<PhantomOptions>;

/** Half-widths and rates of everything that varies, by difficulty. */
export interface Variation {
  /** Factor on the spread of every shape. */
  readonly shape: number;
  /** Factor on the spread of every tissue's brightness. */
  readonly contrast: number;
  /** Factor on the spread of where the images lie. */
  readonly pose: number;
  /** Standard deviation of the breathing position per slice, mm. */
  readonly breathingMm: number;
  /** Strength of the receive coil's falling sensitivity. */
  readonly bias: number;
  /** Standard deviation of the noise in units of blood: lowest, highest. */
  readonly noise: readonly [number, number];
  /** Probability of a ghost; a dark band has 0.6 of it. */
  readonly ghost: number;
  /** Number of heart-like decoys: fewest, most. */
  readonly confusers: readonly [number, number];
}

export const VARIATIONS: Readonly<Record<PhantomDifficulty, Variation>> = {
  easy: {
    shape: 0.5,
    contrast: 0.3,
    pose: 0.4,
    breathingMm: 1,
    bias: 0.2,
    noise: [0.01, 0.03],
    ghost: 0,
    confusers: [0, 0],
  },
  mid: {
    shape: 0.8,
    contrast: 0.7,
    pose: 0.8,
    breathingMm: 2,
    bias: 0.5,
    noise: [0.02, 0.06],
    ghost: 0.3,
    confusers: [2, 4],
  },
  hard: {
    shape: 1,
    contrast: 1,
    pose: 1,
    breathingMm: 3,
    bias: 0.8,
    noise: [0.03, 0.1],
    ghost: 0.7,
    confusers: [4, 8],
  },
};

/**
 * Fills in defaults and checks ranges.
 * @throws ConfigError naming the option that is out of range.
 */
export function phantomSettings(options: PhantomOptions = {}): PhantomSettings {
  const { difficulty = 'mid', phases = 2, size = 128, longAxis = true } = options;
  const spacingMm = options.spacingMm ?? 256 / size;
  checkDifficulty(difficulty);
  checkInteger('phases', phases, 1, 30);
  checkInteger('size', size, 16, 512);
  if (!(spacingMm >= 0.5 && spacingMm <= 16)) {
    throw new ConfigError(`phantom: ${refused('spacing ', spacingMm, '0.5 to 16 mm are needed')}.`);
  }
  return { difficulty, phases, size, spacingMm, longAxis };
}

/** @throws ConfigError unless it is one of easy, mid and hard. */
export function checkDifficulty(difficulty: string): void {
  if (Object.hasOwn(VARIATIONS, difficulty)) return;
  throw new ConfigError(
    `phantom: ${refused('difficulty ', difficulty, 'one of easy, mid, hard is needed')}.`,
  );
}

/** @throws ConfigError unless `value` is an integer in low … high. */
export function checkInteger(name: string, value: number, low: number, high: number): void {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return;
  throw new ConfigError(
    `phantom: ${refused(`${name} `, value, `a whole number from ${low} to ${high} is needed`)}.`,
  );
}
