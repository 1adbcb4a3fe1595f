/** @file Runs a network over prepared images. */
import { capture } from '../autograd/step.ts';
import { noGrad } from '../autograd/tape.ts';
import type { PreparedData } from '../data/types.ts';
import type { UNet } from '../models/unet.ts';
import { zeros } from '../tensor/create.ts';
import { disown } from '../tensor/scope.ts';
import type { Predictions } from './evaluate.ts';

export interface PredictOptions {
  /** Images at a time. */
  readonly batch: number;
  /** Whether to return heatmaps; default true. */
  readonly heatmaps?: boolean;
  readonly onProgress?: (done: number) => void;
}

/** Copies the rows of a batch's output to their place among all images'. */
function place(target: Float32Array, batch: Float32Array, first: number, rows: number, width: number): void {
  target.set(batch.subarray(0, rows * width), first * width);
}

/**
 * Heatmaps [N, size, size, views] and locations [N] (null without that head) of the images `indices`, in that order,
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
  const [area, wantMaps] = [size * size, options.heatmaps ?? true];
  const maps = wantMaps ? new Float32Array(indices.length * area * views) : null;
  const locations = locationHead ? new Float32Array(indices.length) : null;
  const images = disown(zeros(network.device, [batch, size, size, 1], 'f32', 'images'));
  const step = await capture(network.device, () =>
    noGrad(() => {
      const { heatmaps, location } = network.forward(images, { training: false });
      return location ? { heatmaps, location } : { heatmaps };
    }),
  );
  try {
    const host = new Float32Array(batch * area);
    for (let first = 0; first < indices.length; first += batch) {
      const rows = indices.slice(first, first + batch);
      for (const [row, index] of rows.entries())
        host.set(data.pixels.subarray(index * area, (index + 1) * area), row * area);
      images.write(host);
      step.run();
      const { heatmaps, location } = step.outputs;
      if (maps) place(maps, (await heatmaps.read()) as Float32Array, first, rows.length, area * views);
      if (locations && location)
        place(locations, (await location.read()) as Float32Array, first, rows.length, 1);
      options.onProgress?.(first + rows.length);
    }
    return { heatmaps: maps, locations };
  } finally {
    step.dispose();
    images.dispose();
  }
}
