/** @file The error that ends a run: what is wrong, what is left of the run, and which images it may come from. */

import { TrainingError } from '../base/errors.ts';
import { capital } from '../base/words.ts';
import type { Batch } from '../data/batch.ts';
import type { PreparedImage, TrainingData } from '../data/types.ts';
import { firstNonFinite, type Trouble } from './finite.ts';

/** Images that a message names. */
const MOST_NAMED = 8;

/** Whether an example's pixels or labels hold what is not finite. */
function broken(batch: Batch, example: number): boolean {
  const { examples } = batch.layout.sizes;
  const labels = batch.layout.fields
    .filter(({ dtype }) => dtype === 'f32')
    .map((field) => batch.values(field));
  return [batch.images, ...labels].some((values) => {
    const width = values.length / examples;
    return firstNonFinite((values as Float32Array).subarray(example * width, (example + 1) * width)) >= 0;
  });
}

const nameOf = ({ file, slice, frame }: PreparedImage): string => `${file} (slice ${slice}, frame ${frame})`;

function listOf(images: readonly PreparedImage[]): string {
  const names = [...new Set(images.map(nameOf))];
  const more = names.length > MOST_NAMED ? `, … (${names.length} in all)` : '';
  return `${names.slice(0, MOST_NAMED).join(', ')}${more}`;
}

/** What to do after a step on these batches: about their images, or `remedies` before them. */
function adviceFor(
  batches: readonly Batch[],
  { manifest }: TrainingData,
  remedies: readonly string[],
): string {
  const imagesWhere = (wanted: (batch: Batch, example: number) => boolean): PreparedImage[] =>
    batches.flatMap((batch) => {
      const { views } = batch.layout.sizes;
      return [...batch.indices.subarray(0, batch.count * views)].flatMap((index, image) =>
        wanted(batch, Math.floor(image / views)) ? [manifest.images[index]!] : [],
      );
    });
  const found = imagesWhere(broken);
  if (found.length > 0)
    return `Pixels or labels that are not finite: ${listOf(found)}. Mend these images or leave them out.`;
  const list = remedies.join(', ');
  const advice = capital(list);
  return `${advice}, or look at the images of this step: ${listOf(imagesWhere(() => true))}.`;
}

/**
 * @param saved the last checkpoint, if there is one
 * @param batches what the bad step was trained on
 */
export function endedBy(
  { problem, remedies }: Trouble,
  saved: { readonly file: string; readonly step: number } | null,
  batches: readonly Batch[],
  data: TrainingData,
): TrainingError {
  const checkpoint = saved
    ? `the last good checkpoint is ${saved.file} (step ${saved.step})`
    : 'there is no checkpoint';
  return new TrainingError(
    `${problem} Nothing of it was saved; ${checkpoint}. ${adviceFor(batches, data, remedies)}`,
  );
}
