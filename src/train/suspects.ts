/** @file The error that ends a run: what is wrong, what is left of the run, and which images it may come from. */

import { TrainingError } from '../base/errors.ts';
import type { Batch } from '../data/sampler.ts';
import type { PreparedData, PreparedImage } from '../data/types.ts';
import { firstNonFinite, type Trouble } from './finite.ts';

/** Images that a message names. */
const MOST_NAMED = 8;

const rowParts = ['images', 'lines', 'locations'] as const;

/** Whether the row's pixels or labels hold what is not finite. */
function broken(batch: Batch, row: number): boolean {
  return rowParts.some((part) => {
    const width = batch[part].length / batch.indices.length;
    return firstNonFinite(batch[part].subarray(row * width, (row + 1) * width)) >= 0;
  });
}

const nameOf = ({ file, slice, frame }: PreparedImage): string => `${file} (slice ${slice}, frame ${frame})`;

function listOf(images: readonly PreparedImage[]): string {
  const names = [...new Set(images.map(nameOf))];
  const more = names.length > MOST_NAMED ? `, … (${names.length} in all)` : '';
  return `${names.slice(0, MOST_NAMED).join(', ')}${more}`;
}

/** What to do after a step on this batch: about its images, or `remedies` before them. */
function adviceFor(batch: Batch, { manifest }: PreparedData, remedies: readonly string[]): string {
  const rows = Array.from({ length: batch.count }, (_, row) => row);
  const imageAt = (row: number): PreparedImage => manifest.images[batch.indices[row]!]!;
  const found = rows.filter((row) => broken(batch, row));
  if (found.length > 0)
    return `Pixels or labels that are not finite: ${listOf(found.map(imageAt))}. Mend these images or leave them out.`;
  const list = remedies.join(', ');
  const advice = `${list.charAt(0).toUpperCase()}${list.slice(1)}`;
  return `${advice}, or look at the images of this step: ${listOf(rows.map(imageAt))}.`;
}

/**
 * @param saved the last checkpoint, if there is one
 * @param batch what the bad step was trained on
 */
export function endedBy(
  { problem, remedies }: Trouble,
  saved: { readonly file: string; readonly step: number } | null,
  batch: Batch,
  data: PreparedData,
): TrainingError {
  const checkpoint = saved
    ? `the last good checkpoint is ${saved.file} (step ${saved.step})`
    : 'there is no checkpoint';
  return new TrainingError(
    `${problem} Nothing of it was saved; ${checkpoint}. ${adviceFor(batch, data, remedies)}`,
  );
}
