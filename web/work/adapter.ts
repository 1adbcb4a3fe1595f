/** @file The adapter in words: its name, and what did not fit into it. */
import { OutOfMemoryError, PlanewiseError } from '../../src/base/errors.ts';
import type { Device } from '../../src/tensor/device.ts';
import type { RunInfo, TrainingForm } from '../protocol.ts';

/** What the browser says of the adapter: its description, or maker and kind. */
export function adapterName({ caps }: Device): string {
  const { description, vendor, architecture } = caps;
  const named = description !== vendor && description !== 'unnamed adapter';
  return named ? description : [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter';
}

/** The same in words for whoever chose the batch, and the next batch to try. */
export function batchProblem(
  error: unknown,
  { batch }: TrainingForm,
  adapter: string,
): [unknown, Partial<RunInfo>] {
  if (!(error instanceof OutOfMemoryError)) return [error, {}];
  const smaller = Math.floor(batch / 2);
  const [images, fix] =
    smaller > 0
      ? [`A batch of ${batch} images does`, `Try a batch of ${smaller}.`]
      : ['Even one image a step does', 'Prepare smaller images under Data.'];
  const words = `${images} not fit into the memory of ${adapter || 'this adapter'}. ${fix}`;
  const options = { cause: error };
  return [new PlanewiseError(error.code, words, options), smaller > 0 ? { smallerBatch: smaller } : {}];
}
