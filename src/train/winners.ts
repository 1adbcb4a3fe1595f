/** @file Winners of the tuner, kept between runs: by adapter, by the engine's shaders and by problem. */
import { choicesBy, type Winner } from '../autograd/tune.ts';
import { textChecksum } from '../base/hash.ts';
import type { Choices } from '../kernels/launch/variant.ts';
import * as shaders from '../kernels/shaders.gen.ts';
import type { Device } from '../tensor/device.ts';
import { type RunFiles, readText, writeText } from './runfiles.ts';

export const winnersFile = 'variants.json';

type Stored = Record<string, Record<string, string>>;

/** A checksum of every shader: a version that changes while one works on kernels, too. */
function engineVersion(): string {
  const sources = Object.values(shaders).flatMap(({ source }) => source);
  return textChecksum(sources.join('\n'));
}

/** What winners depend on besides the problem. */
export function adapterKey({ gpu, caps }: Device): string {
  const { vendor, architecture, device = '' } = gpu.adapterInfo;
  const { description, subgroupSize, f16 } = caps;
  const abilities = `subgroups of ${subgroupSize}, ${f16 ? 'f16' : 'no f16'}`;
  return [vendor, architecture, device, description, abilities, `shaders ${engineVersion()}`].join(' / ');
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isStored = (value: unknown): value is Stored =>
  isRecord(value) &&
  Object.values(value).every(
    (entry) => isRecord(entry) && Object.values(entry).every((variant) => typeof variant === 'string'),
  );

async function readAll(files: RunFiles, onWarning: (message: string) => void): Promise<Stored> {
  try {
    const text = await readText(files, winnersFile);
    const stored: unknown = text === null ? {} : JSON.parse(text);
    if (isStored(stored)) return stored;
    onWarning(`${files.describe(winnersFile)} does not hold kernel variants; it is ignored.`);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    onWarning(`${files.describe(winnersFile)} cannot be read and is ignored (${problem}).`);
  }
  return {};
}

/** What was found on this adapter before; nothing where the file is damaged, which `onWarning` is told. */
export async function loadWinners(
  files: RunFiles,
  device: Device,
  onWarning: (message: string) => void,
): Promise<Choices> {
  return (await readAll(files, onWarning))[adapterKey(device)] ?? {};
}

/**
 * Adds winners to those of this adapter. Those that ran out of time are left out, to be tried again. What cannot be
 * written is told to `onWarning`: it only costs the next run its tuning.
 */
export async function saveWinners(
  files: RunFiles,
  device: Device,
  winners: readonly Winner[],
  onWarning: (message: string) => void,
): Promise<void> {
  const stored = await readAll(files, () => {});
  const key = adapterKey(device);
  stored[key] = { ...stored[key], ...choicesBy(winners.filter(({ complete }) => complete)) };
  try {
    await writeText(files, winnersFile, `${JSON.stringify(stored, null, 1)}\n`);
  } catch (error) {
    onWarning(
      `The kernel variants found could not be kept: ${error instanceof Error ? error.message : error}`,
    );
  }
}
