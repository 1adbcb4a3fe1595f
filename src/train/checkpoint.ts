/** @file Checkpoints: everything a run needs to go on, in one file; the one before is kept. */

import { ConfigError, FileError } from '../base/errors.ts';
import { bytesChecksum } from '../base/hash.ts';
import type { TrainingData } from '../data/types.ts';
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from '../models/safetensors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { changeAdvice, changedKeys, settingAt } from './changes.ts';
import { type CheckpointState, checksumsOf, expectChecksums, stateOf } from './checkpointstate.ts';
import { expectFinite, firstNonFinite } from './finite.ts';
import { isMarkOf } from './pixels.ts';
import type { RunFiles } from './runfiles.ts';
import { metricsFile, validationFile } from './runlog.ts';
import type { TrainConfig } from './settings.ts';

export type { Best, CheckpointState } from './checkpointstate.ts';

export const checkpointFile = 'checkpoint.safetensors';
export const previousCheckpointFile = 'checkpoint.previous.safetensors';

export interface Checkpoint {
  readonly file: string;
  readonly state: CheckpointState;
  readonly tensors: ReadonlyMap<string, SafeTensor>;
}

const KEY = 'planewise.checkpoint';
const CHECKSUMS = 'planewise.checksums';

const checksums = (state: string, tensors: ReadonlyMap<string, SafeTensor>) =>
  checksumsOf(
    state,
    new Map([...tensors].map(([name, saved]) => [name, { ...saved, checksum: bytesChecksum(saved.bytes) }])),
  );

async function readTensor(name: string, tensor: Tensor): Promise<SafeTensor> {
  const values = (await tensor.read()) as Float32Array;
  expectFinite(values, name, 'the checkpoint');
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { dtype: 'F32', shape: tensor.shape, bytes };
}

/**
 * Reads tensors (f32) from the device and makes them the checkpoint; the one before becomes the previous one. What the
 * logs hold by then is on the medium before it.
 * @throws TrainingError naming the first tensor that is not finite, before anything is written
 */
export async function saveCheckpoint(
  files: RunFiles,
  state: CheckpointState,
  tensors: ReadonlyMap<string, Tensor>,
): Promise<void> {
  const read = await Promise.all(
    [...tensors].map(async ([name, tensor]) => [name, await readTensor(name, tensor)] as const),
  );
  const [saved, text] = [new Map(read), JSON.stringify(state)];
  const metadata = { [KEY]: text, [CHECKSUMS]: JSON.stringify(checksums(text, saved)) };
  const bytes = encodeSafetensors({ tensors: saved, metadata });
  for (const log of [metricsFile, validationFile]) await files.sync?.(log);
  const incoming = `${checkpointFile}.new`;
  // Complete on disk before either of the others is touched.
  await files.write(incoming, bytes);
  await files.rename(checkpointFile, previousCheckpointFile);
  await files.rename(incoming, checkpointFile);
}

/** Brings a checkpoint's configuration into the form of this version. */
export type Upgrade = (config: unknown, file: string) => TrainConfig;

/** A checkpoint, and whether checksums say that it is whole. */
type Read = Checkpoint & { readonly checked: boolean };

async function readCheckpoint(files: RunFiles, name: string, upgrade: Upgrade): Promise<Read | null> {
  const bytes = await files.read(name);
  if (!bytes) return null;
  const file = files.describe(name);
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  const { [KEY]: text, [CHECKSUMS]: written } = metadata;
  if (text === undefined) throw new FileError(file, 'is no planewise checkpoint', 'Choose another run.');
  if (written !== undefined) expectChecksums(written, checksums(text, tensors), file);
  for (const [tensor, saved] of tensors) {
    if (firstNonFinite(valuesOf(saved)) < 0) continue;
    throw new FileError(file, `tensor ${tensor} is not finite`, 'Go on from an earlier checkpoint.');
  }
  const state = stateOf(text, file);
  const checked = written !== undefined;
  return { file, state: { ...state, config: upgrade(state.config, file) }, tensors, checked };
}

/**
 * The newest whole checkpoint, or null where the run has none. One that is damaged or not finite is reported to
 * `onWarning`, and the previous one is taken; one without checksums, whose tensors may be damaged unseen, to `onNotice`.
 * @throws FileError naming the damaged file where no other is left
 */
export async function loadCheckpoint(
  files: RunFiles,
  upgrade: Upgrade,
  onWarning: (message: string) => void = () => {},
  onNotice: (message: string) => void = () => {},
): Promise<Checkpoint | null> {
  let damage: FileError | undefined;
  for (const name of [checkpointFile, previousCheckpointFile]) {
    try {
      const found = await readCheckpoint(files, name, upgrade);
      if (!found) continue;
      if (damage) onWarning(`${damage.message} Going on from ${found.file} (step ${found.state.step}).`);
      if (!found.checked)
        onNotice(
          `${found.file} is of an earlier version and has no checksums: that its numbers and the data are as they were is taken on trust.`,
        );
      return found;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      damage ??= error;
    }
  }
  if (damage) throw damage;
  return null;
}

/** What a run is, to go on from a checkpoint. */
interface Expected extends Pick<CheckpointState, 'config' | 'data' | 'init'> {
  readonly images?: Pick<TrainingData, 'pixels' | 'manifest'> | undefined;
}

/**
 * Writes a checkpoint's tensors into those of a run.
 * @param expected `init` undefined: the weights it started from are not at hand; `images` undefined: their pixels are
 * taken on trust
 * @throws ConfigError where the run's configuration, data or initial weights are others
 * @throws FileError where a tensor is missing or of another shape
 */
export function restoreCheckpoint(
  checkpoint: Checkpoint,
  expected: Expected,
  tensors: ReadonlyMap<string, Tensor>,
): void {
  const { file, state } = checkpoint;
  const changed = changedKeys(state.config, expected.config);
  if (changed.length > 0) {
    const list = changed.map((key) => {
      const [was, is] = [state.config, expected.config].map((config) => settingAt(config, key));
      return `${key} was ${was}, is ${is}`;
    });
    throw new ConfigError(
      `${file} belongs to another configuration: ${list.join('; ')}. ${changeAdvice(changed, state.config)}`,
    );
  }
  if (state.data !== expected.data)
    throw new ConfigError(`${file} was trained on other data. Resume with the data it was started on.`);
  if (expected.images && state.pixels !== undefined && !isMarkOf(state.pixels, expected.images))
    throw new ConfigError(
      `${file} was trained on images with other pixels, though their headers are the same. Resume with the data it was started on.`,
    );
  if (state.step > expected.config.steps)
    throw new ConfigError(
      `${file} has ${state.step} steps behind it, and steps is ${expected.config.steps}. Give as many at least.`,
    );
  if (expected.init !== undefined && (state.init ?? null) !== expected.init)
    throw new ConfigError(
      `${file} was started from ${state.init ? 'other weights' : 'no weights, but init names some'}. Resume with the init it was started with.`,
    );
  for (const [name, tensor] of tensors) {
    const saved = checkpoint.tensors.get(name);
    if (saved && String(saved.shape) === String(tensor.shape)) tensor.write(valuesOf(saved));
    else {
      const found = saved ? `has shape [${saved.shape}] instead of [${tensor.shape}]` : 'is missing';
      throw new FileError(file, `tensor ${name} ${found}`, 'Resume with the version that wrote it.');
    }
  }
}

function valuesOf({ bytes }: SafeTensor): Float32Array {
  // A copy, because the bytes of a file need not lie at a multiple of 4.
  return new Float32Array(bytes.slice().buffer);
}
