/** @file Plans a folder's studies in Node: weights of a run or a file, an adapter, stack after stack; and the files of what was planned. */

import type { PixelImage } from '../data/dicom/pixels.ts';
import { encodePlanned } from '../data/dicom/planned.ts';
import { readBytes } from '../data/files/files.node.ts';
import { dicomReader } from '../data/prepare.ts';
import { viewName } from '../data/viewnames.ts';
import { reformat } from '../planning/reformat.ts';
import { openDevice } from '../tensor/device.node.ts';
import type { RunConfig } from './config.ts';
import { type PlannedStack, Planner, type PlannerOptions } from './planner.ts';
import { loadTrained } from './trained.ts';
import { weightsIn } from './weights.node.ts';

export interface OpenPlannerOptions extends PlannerOptions {
  readonly adapter: RunConfig['adapter'];
  readonly say: (line: string) => void;
}

/** Opens a device, loads weights, and closes both when `use` is done. @throws FileError for weights that tell no lines */
export async function withPlanner<T>(
  weights: string,
  { adapter, say, ...options }: OpenPlannerOptions,
  use: (planner: Planner) => Promise<T>,
): Promise<T> {
  const file = weightsIn(weights);
  const bytes = await readBytes(file);
  const device = await openDevice(adapter ? { adapter } : {});
  try {
    say(`Adapter: ${device.caps.description}`);
    const trained = await loadTrained(device, bytes, file);
    try {
      return await use(new Planner(trained, file, options));
    } finally {
      trained.network.dispose();
    }
  } finally {
    device.dispose();
  }
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
  const source = { bytes: await slices[0]!.source.read(), file: slices[0]!.source.path };
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
