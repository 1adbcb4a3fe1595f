/** @file What a network says of a whole volume, patch by patch, weighted towards their middles (Isensee et al. 2021). */
import { type CapturedStep, capture } from '../autograd/step.ts';
import { noGrad } from '../autograd/tape.ts';
import { describe } from '../base/describe.ts';
import { ConfigError, ShapeError } from '../base/errors.ts';
import { expectNumber, expectSettings, expectWhole } from '../base/settings.ts';
import { type Axes, expectSides, expectValues, voxelsOf } from '../data/volumes/grid.ts';
import type { Volume } from '../data/volumes/volume.ts';
import { cutPatch, eachRow, gaussianWeights, windowStarts } from '../data/volumes/windows.ts';
import { zeros } from '../tensor/create.ts';
import { Device } from '../tensor/device.ts';
import { formatShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** Of `predictVolume`: patch, overlap, mirroring. */
export interface PredictVolumeOptions {
  /** Sides of a patch [depth, height, width], voxels; where the volume is smaller, zeros lie around it. */
  readonly patch: readonly number[];
  /** How far apart patches may lie, as a share of their sides, above 0 to 1; default ½. */
  readonly step?: number;
  /** Patches at a time, default 1. */
  readonly batch?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

const CALL = 'predictVolume';

/** Sums of weighted scores, and of the weights. */
class Sums {
  readonly #shape: Axes;
  readonly #patch: Axes;
  readonly #weights: Float32Array;
  readonly #total: Float32Array;
  readonly scores: Float32Array;
  readonly #classes: number;

  constructor(shape: Axes, patch: Axes, classes: number) {
    this.#shape = shape;
    this.#patch = patch;
    this.#classes = classes;
    this.#weights = gaussianWeights(patch);
    this.#total = new Float32Array(voxelsOf(shape));
    this.scores = new Float32Array(this.#total.length * classes);
  }

  /** A patch's scores, [...patch, classes]. */
  add(start: Axes, values: Float32Array): void {
    const [classes, weights, total, scores] = [this.#classes, this.#weights, this.#total, this.scores];
    eachRow(this.#shape, start, this.#patch, (inVolume, inPatch, length) => {
      for (let x = 0; x < length; x++) {
        const weight = weights[inPatch + x]!;
        total[inVolume + x]! += weight;
        const [to, from] = [(inVolume + x) * classes, (inPatch + x) * classes];
        for (let c = 0; c < classes; c++) scores[to + c]! += weight * values[from + c]!;
      }
    });
  }

  /** Means instead of sums. */
  divide(): Float32Array {
    const classes = this.#classes;
    for (let at = 0; at < this.scores.length; at++)
      this.scores[at]! /= this.#total[Math.floor(at / classes)]!;
    return this.scores;
  }
}

/** How many scores a voxel has. @throws ShapeError for what are no scores of the patches */
function classesOf(scores: Tensor, patches: Tensor): number {
  const shape = patches.shape.slice(0, -1);
  if (scores instanceof Tensor && scores.dtype === 'f32' && scores.shape.length === 5)
    if (shape.every((side, axis) => scores.shape[axis] === side)) return scores.shape[4]!;
  const found = scores instanceof Tensor ? `${scores.dtype} ${formatShape(scores.shape)}` : describe(scores);
  const fix = `f32 scores ${formatShape(shape).replace(']', ', classes]')} are needed.`;
  throw new ShapeError(CALL, 'forward', `gave ${found}`, fix);
}

function expectArguments(device: Device, forward: unknown, volume: Volume, options: PredictVolumeOptions) {
  if (!(device instanceof Device) || typeof forward !== 'function')
    throw new ConfigError(
      `${CALL} got ${describe(device)} and ${describe(forward)}. Pass a device of openDevice() and a function of patches.`,
    );
  expectSettings(`options of ${CALL}`, options, ['patch', 'step', 'batch', 'onProgress']);
  const { step = 0.5, batch = 1 } = options;
  expectNumber(`${CALL}: step`, step, { least: Number.MIN_VALUE, most: 1 });
  expectWhole(`${CALL}: batch`, batch, 1);
  expectWhole(`${CALL}: channels of the volume`, volume?.channels, 1);
  expectValues(CALL, 'volume', volume, volume.channels);
  return { step, batch, patch: expectSides(CALL, 'patch', options.patch) };
}

/**
 * Scores of a volume's voxels on its grid, a channel a class: those of patches half a patch apart, each weighted by a
 * Gaussian about its middle (σ an eighth of its sides), divided by the sum of the weights. The network runs as a captured
 * step. `labelsOnGrid` takes the scores to the grid of the image before it was resampled.
 *
 * ```ts
 * const scores = await predictVolume(device, (x) => ops.softmax(net.forward(x, { training: false })), volume, { patch });
 * ```
 *
 * @param forward patches [batch, ...patch, channels] to scores [batch, ...patch, classes], f32
 * @throws ShapeError for values that are not the volume's, or scores that are not the patches'
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
 * const volume = { shape: [1, 1, 4], spacingMm: [2, 2, 2], affine, channels: 1, data: Float32Array.of(1, 2, 3, 4) };
 * const scores = await predictVolume(device, (patches) => ops.square(patches), volume, { patch: [1, 1, 2] });
 * scores.data; // [1,4,9,16]
 */
export async function predictVolume(
  device: Device,
  forward: (patches: Tensor) => Tensor,
  volume: Volume,
  options: PredictVolumeOptions,
): Promise<Volume> {
  const { step: apart, patch, ...rest } = expectArguments(device, forward, volume, options);
  const { channels, shape, spacingMm, affine } = volume;
  const starts = windowStarts(shape, patch, apart);
  const batch = Math.min(rest.batch, starts.length);
  using patches = zeros(device, [batch, ...patch, channels]);
  using step = await capture(device, () => noGrad(() => ({ scores: forward(patches) })));
  const classes = classesOf(step.outputs.scores, patches);
  const sums = new Sums(shape, patch, classes);
  for (let first = 0; first < starts.length; first += batch) {
    const block = starts.slice(first, first + batch);
    const values = await scoresOf(step, patches, volume, block);
    const size = voxelsOf(patch) * classes;
    for (const [i, start] of block.entries()) sums.add(start, values.subarray(i * size, (i + 1) * size));
    options.onProgress?.(first + block.length, starts.length);
  }
  return { shape, spacingMm, affine, channels: classes, data: sums.divide() };
}

/** Of the patches that begin at `starts`; the batch's rest is zeros. */
async function scoresOf(
  step: CapturedStep<{ scores: Tensor }>,
  patches: Tensor,
  volume: Volume,
  starts: readonly Axes[],
): Promise<Float32Array> {
  const patch = patches.shape.slice(1, 4) as unknown as Axes;
  const values = new Float32Array(patches.size);
  const size = voxelsOf(patch) * volume.channels;
  for (const [i, start] of starts.entries())
    cutPatch(volume, start, patch, values.subarray(i * size, (i + 1) * size));
  patches.write(values);
  step.run();
  return (await step.outputs.scores.read()) as Float32Array;
}
