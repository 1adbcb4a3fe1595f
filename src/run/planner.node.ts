/** @file Plans a folder's studies in Node: weights of a run or a file, an adapter, stack after stack; and the files of what was planned. */

import type { PixelImage } from '../data/dicom/pixels.ts';
import { encodePlanned } from '../data/dicom/planned.ts';
import { imageBytes } from '../data/imagebytes.ts';
import { dicomReader } from '../data/prepare.ts';
import { viewName } from '../data/viewnames.ts';
import { reformat } from '../planning/reformat.ts';
import { type PlannedStack, Planner, type PlannerOptions } from './planner.ts';
import { type OpenTrained, withTrained } from './trained.node.ts';

export interface OpenPlannerOptions extends PlannerOptions, OpenTrained {}

/** Opens weights for `use`. @throws FileError for weights that tell no lines */
export function withPlanner<T>(
  weights: string,
  options: OpenPlannerOptions,
  use: (planner: Planner) => Promise<T>,
): Promise<T> {
  return withTrained(weights, options, (trained, file) => use(new Planner(trained, file, options)));
}

/** What planned images show: the stack resampled in their planes (of its first phase), or nothing. */
export type PlannedPixels = 'stack' | 'zero';

/** The DICOM file of each planned view. @throws FileError, DicomError where the stack's files cannot be read again */
export async function plannedFiles(
  { stack, frameOfReferenceUid, views }: PlannedStack,
  pixels: PlannedPixels,
): Promise<{ view: string; bytes: Uint8Array }[]> {
  const read = dicomReader();
  const slices = stack.slices.map(([target]) => target!.image);
  const first = slices[0]!.source;
  const source = { bytes: await imageBytes(first), file: first.path };
  const own: { plane: (typeof views)[number]['image']; image: PixelImage }[] = [];
  for (const image of pixels === 'stack' ? slices : [])
    own.push({ plane: image.header.plane, image: await read(image) });
  return views.map(({ view, image: plane }) => {
    const { rows, columns } = plane;
    const image =
      pixels === 'stack' ? reformat(own, plane) : { rows, columns, values: new Float32Array(rows * columns) };
    const description = `planned ${viewName(view)}`;
    return { view, bytes: encodePlanned({ plane, image, frameOfReferenceUid, description }, source) };
  });
}
