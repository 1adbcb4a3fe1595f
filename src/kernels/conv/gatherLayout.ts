/** @file The problem that forms of `gather` solve, what their shaders are bound to, and how they find a tap's weight. */
import type { Float } from '../../tensor/dtype.ts';
import type { ChannelRun, Tensor } from '../../tensor/tensor.ts';
import type { Variant } from '../launch/variant.ts';

export interface Gather {
  /** Of the images and the weight; sums, and the bias, are f32. */
  readonly dtype: Float;
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  /** Channels in. */
  readonly k: number;
  /** Channels out. */
  readonly m: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
  readonly dilation: number;
  readonly offsetY: number;
  readonly offsetX: number;
  readonly up: number;
  /** Weight is [tap][m][k] instead of [tap][k][m]. */
  readonly transposed: boolean;
  readonly relu: boolean;
  /** Set by `gather` where there is a bias. */
  readonly biased?: boolean;
  /** Set by `gather` where x or y is a run of channels. */
  readonly input?: ChannelRun | undefined;
  readonly output?: ChannelRun | undefined;
}

export interface GatherTensors {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly y: Tensor;
}

export interface GatherVariant extends Variant<Gather, [GatherTensors, string]> {
  /** Reads and writes runs of channels in place; for other variants they are copied. */
  readonly runs?: true;
  /** Computes f16 too; others are for f32 alone. */
  readonly half?: true;
}

/** Shaders without bias still have the binding: the weight stands in for it. */
export function bindingsOf({ x, weight, bias, y }: GatherTensors) {
  return { x, w: weight, bias: bias ?? weight, y };
}

/** How the weight's index moves; transposed, the kernel is turned, so that both directions are one pipeline. */
export function weightSteps({ k, m, transposed }: Gather) {
  return transposed
    ? { weightOrigin: 8 * k * m, weightTap: -k * m, weightK: 1, weightM: k }
    : { weightOrigin: 0, weightTap: k * m, weightK: m, weightM: 1 };
}
