/** @file What a pretraining task is: the head it needs, the labels it uses, its loss. */
import type { Batch } from '../data/sampler.ts';
import type { Tensor } from '../tensor/tensor.ts';

export type TaskName = 'orientation' | 'location';

/** What the network gives; null for a head it was built without. N images of H × W pixels, V reference views. */
export interface Outputs {
  /** [N, H, W, V] */
  readonly heatmaps: Tensor | null;
  /** [N, 1] */
  readonly location: Tensor | null;
}

/** The labels of a batch on the device, already moved as the images were. */
export interface Labels {
  /** [N, V, 3] (a, b, d), pixels. */
  readonly lines: Tensor;
  /** [N, V]: 1 where there is a line. */
  readonly lineMask: Tensor;
  /** [N, 1]: relative slice location. */
  readonly locations: Tensor;
  /** [N, 1]: 1 where there is a location. */
  readonly locationMask: Tensor;
}

export interface LossSettings {
  /** σ of the rendered line labels, pixels. */
  readonly sigma: number;
}

/** How a task is shown to people. */
export interface TaskDisplay {
  readonly title: string;
  /** One sentence: what the network learns. */
  readonly about: string;
  /** What of it is drawn on an image: lines across it, or a mark along its stack. */
  readonly shows: 'lines' | 'location';
}

/** One pretext task. */
export interface Task {
  readonly name: TaskName;
  readonly display: TaskDisplay;
  /** Its loss over a batch, one element: a mean over the labels that exist, 0 where none does. */
  loss(outputs: Outputs, labels: Labels, settings: LossSettings): Tensor;
  /** How many labels that mean is over: what weighs a batch against another in a validation. */
  labelCount(batch: Pick<Batch, 'lineMask' | 'locationMask'>): number;
}

/** Throws when a task is used with a network that lacks its head: a mistake in the program, not in the data. */
export function headOf(outputs: Outputs, head: keyof Outputs, task: TaskName): Tensor {
  const output = outputs[head];
  if (!output) throw new TypeError(`Task ${task} needs the ${head} head; build the network with it.`);
  return output;
}

/** The sum of the values. */
export const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
