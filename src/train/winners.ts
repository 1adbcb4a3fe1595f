/**
 * @file Winners of the tuner, kept between runs: by adapter and by bucket of problems, each with the checksums of the
 * shaders that it was found with (docs/decisions/tuning.md).
 */
import type { KnownWinner, KnownWinners, Winner } from '../autograd/tune.ts';
import { textChecksum } from '../base/hash.ts';
import { isRecord } from '../base/record.ts';
import { textOf } from '../kernels/launch/shader.ts';
import * as shaders from '../kernels/shaders.gen.ts';
import type { Device } from '../tensor/device.ts';
import { type RunFiles, readText, writeText } from './runfiles.ts';

export const winnersFile = 'variants.json';

interface Kept extends KnownWinner {
  /** Checksums by name of the shaders that were timed. */
  readonly shaders: Readonly<Record<string, string>>;
}

/** By adapter, then by bucket. */
type Stored = Record<string, Record<string, Kept>>;

/** Checksums of all shaders with what they include. */
function shaderChecksums(): ReadonlyMap<string, string> {
  return new Map(Object.values(shaders).map((shader) => [shader.name, textChecksum(textOf(shader))]));
}

/** What winners depend on besides the problem and the shaders. */
export function adapterKey({ gpu, caps }: Device): string {
  const { vendor, architecture, device = '' } = gpu.adapterInfo;
  const { description, subgroupSize, f16 } = caps;
  const abilities = `subgroups of ${subgroupSize}, ${f16 ? 'f16' : 'no f16'}`;
  return [vendor, architecture, device, description, abilities].join(' / ');
}

const isText = (value: unknown): value is string => typeof value === 'string';

const isKept = (value: unknown): value is Kept =>
  isRecord(value) &&
  isText(value.chosen) &&
  Array.isArray(value.fitting) &&
  value.fitting.every(isText) &&
  isRecord(value.shaders) &&
  Object.values(value.shaders).every(isText);

/** Versions before this kept the variant alone, by exact problem and by a checksum of all shaders: none counts now. */
const isOutdated = isText;

/** What a file holds, without what is outdated; undefined where it is no file of winners. */
function parse(stored: unknown): Stored | undefined {
  if (!isRecord(stored)) return undefined;
  const result: Stored = {};
  for (const [adapter, winners] of Object.entries(stored)) {
    if (!isRecord(winners)) return undefined;
    const current = Object.entries(winners).filter(([, one]) => !isOutdated(one));
    if (!current.every((entry): entry is [string, Kept] => isKept(entry[1]))) return undefined;
    if (current.length > 0) result[adapter] = Object.fromEntries(current);
  }
  return result;
}

async function readAll(files: RunFiles, onWarning: (message: string) => void): Promise<Stored> {
  try {
    const text = await readText(files, winnersFile);
    const stored = text === null ? {} : parse(JSON.parse(text));
    if (stored) return stored;
    onWarning(`${files.describe(winnersFile)} does not hold kernel variants; it is ignored.`);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    onWarning(`${files.describe(winnersFile)} cannot be read and is ignored (${problem}).`);
  }
  return {};
}

/** Those whose shaders are still the same. */
function currentOf(kept: Record<string, Kept>): Record<string, Kept> {
  const now = shaderChecksums();
  const isCurrent = (one: Kept) => Object.entries(one.shaders).every(([name, sum]) => now.get(name) === sum);
  return Object.fromEntries(Object.entries(kept).filter(([, one]) => isCurrent(one)));
}

/**
 * What was found on this adapter before, with shaders that are still the same; nothing where the file is damaged, which
 * `onWarning` is told.
 */
export async function loadWinners(
  files: RunFiles,
  device: Device,
  onWarning: (message: string) => void,
): Promise<KnownWinners> {
  const kept = (await readAll(files, onWarning))[adapterKey(device)] ?? {};
  return Object.fromEntries(
    Object.entries(currentOf(kept)).map(([bucket, { chosen, fitting }]) => [bucket, { chosen, fitting }]),
  );
}

/** A winner as it is kept, with what an earlier run, of which it is the next part, has run. */
function keptOf({ chosen, tried, shaders: run }: Winner, before: Kept | undefined): Kept {
  const sums = shaderChecksums();
  const checksums = Object.fromEntries(run.map((name) => [name, sums.get(name) ?? '']));
  return { chosen, fitting: tried, shaders: { ...before?.shaders, ...checksums } };
}

/** By bucket; of several problems in one the dearest speaks for it. `before`: what is known, and still counts. */
function allKept(winners: readonly Winner[], before: Record<string, Kept>): Record<string, Kept> {
  const cost = ({ uses, ms }: Winner) => (ms === null ? Number.MAX_VALUE : uses * ms);
  const ascending = [...winners].sort((a, b) => cost(a) - cost(b));
  return Object.fromEntries(
    ascending.flatMap((winner) => {
      const earlier = before[winner.bucket];
      const goesOn = earlier?.fitting.every((name) => winner.tried.includes(name));
      // There was no time to hold the others against the earlier one.
      if (earlier && !goesOn && !winner.complete) return [];
      return [[winner.bucket, keptOf(winner, goesOn ? earlier : undefined)]];
    }),
  );
}

/**
 * Adds winners that were measured to those of this adapter; those that time ran out for with the variants that they were
 * found among, so that a later run goes on with the others.
 * What cannot be written is told to `onWarning`: it only costs the next run its tuning.
 */
export async function saveWinners(
  files: RunFiles,
  device: Device,
  winners: readonly Winner[],
  onWarning: (message: string) => void,
): Promise<void> {
  const stored = await readAll(files, () => {});
  const key = adapterKey(device);
  const measured = winners.filter(
    ({ complete, tried, shaders: run }) => run.length > 0 && (complete || tried.length > 1),
  );
  stored[key] = { ...stored[key], ...allKept(measured, currentOf(stored[key] ?? {})) };
  try {
    await writeText(files, winnersFile, `${JSON.stringify(stored, null, 1)}\n`);
  } catch (error) {
    onWarning(
      `The kernel variants found could not be kept: ${error instanceof Error ? error.message : error}`,
    );
  }
}
