/** @file Runs a network over prepared images. */
import { capture } from '../autograd/step.ts';
import { noGrad } from '../autograd/tape.ts';
import type { PreparedData } from '../data/types.ts';
import type { UNet } from '../models/unet.ts';
import { zeros } from '../tensor/create.ts';
import { disown } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Predictions } from './evaluate.ts';
import { Pace } from './pace.ts';

export interface PredictOptions {
  /** Images at a time. */
  readonly batch: number;
  readonly onProgress?: (done: number) => void;
}

/** Copies the rows of a batch's output to their place among all images'. */
function copyRows(
  target: Float32Array,
  batch: Float32Array,
  first: number,
  rows: number,
  width: number,
): void {
  target.set(batch.subarray(0, rows * width), first * width);
}

const valuesOf = async (tensor?: Tensor): Promise<Float32Array | undefined> =>
  tensor && ((await tensor.read()) as Float32Array);

/**
 * Heatmaps [N, size, size, views] and locations [N] (each null without its head) of the images `indices`, in that order,
 * with running statistics and without dropout.
 */
export async function predictImages(
  network: UNet,
  data: PreparedData,
  indices: readonly number[],
  options: PredictOptions,
): Promise<Predictions> {
  const { size } = data.manifest;
  const { heatmaps: views, locationHead } = network.options;
  const batch = Math.max(1, Math.min(options.batch, indices.length));
  const area = size * size;
  const maps = views > 0 ? new Float32Array(indices.length * area * views) : null;
  const locations = locationHead ? new Float32Array(indices.length) : null;
  const images = disown(zeros(network.device, [batch, size, size, 1], 'f32', 'images'));
  const step = await capture(network.device, () =>
    noGrad(() => {
      const { heatmaps, location } = network.forward(images, { training: false });
      return { ...(heatmaps && { heatmaps }), ...(location && { location }) };
    }),
  );
  try {
    const pace = new Pace();
    const host = new Float32Array(batch * area);
    for (let first = 0; first < indices.length; first += batch) {
      const rows = indices.slice(first, first + batch);
      for (const [row, index] of rows.entries())
        host.set(data.pixels.subarray(index * area, (index + 1) * area), row * area);
      images.write(host);
      pace.start();
      step.run();
      const { heatmaps, location } = step.outputs;
      const [map, place] = await pace.settle(1, () => Promise.all([valuesOf(heatmaps), valuesOf(location)]));
      if (maps && map) copyRows(maps, map, first, rows.length, area * views);
      if (locations && place) copyRows(locations, place, first, rows.length, 1);
      options.onProgress?.(first + rows.length);
    }
    return { heatmaps: maps, locations };
  } finally {
    step.dispose();
    images.dispose();
  }
}
