/**
 * @file The problems that forms of a general convolution and of its gradient solve: a large image, a small one whose
 * pixels lie on it, and a weight.
 */
import type { Float } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Variant } from '../launch/variant.ts';
import type { ConvSettings } from './convGeneralSettings.ts';

/** One axis: pixel j of the small image lies on j·stride + tap·dilation − before of the large one. */
export interface GeneralAxis {
  readonly large: number;
  readonly small: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
}

/** The large image is a convolution's input, or a transposed one's output. */
export interface General {
  /** Of the images; sums, and the gradient of the weight, are f32. */
  readonly dtype: Float;
  readonly batch: number;
  readonly y: GeneralAxis;
  readonly x: GeneralAxis;
  readonly groups: number;
  /** Channels a group of the large image and of the small one; the weight is [kernelHeight, kernelWidth, a, groups·b]. */
  readonly a: number;
  readonly b: number;
}

export interface GeneralGather extends General {
  /** From the small image to the large one. */
  readonly adjoint: boolean;
  readonly relu: boolean;
}

export interface GeneralTensors {
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly y: Tensor;
}

export type GeneralVariant = Variant<GeneralGather, [GeneralTensors, string]>;

export interface GradImages {
  readonly large: Tensor;
  readonly small: Tensor;
  /** One dw per strip. */
  readonly partial: Tensor;
}

export interface GeneralGradVariant extends Variant<General, [GradImages, number, string]> {
  /** Writes dw at once, not strips of it. */
  readonly whole?: true;
  /** Parts that a group's channels of the large image fall into. */
  parts(g: General): number;
}

/** The part of ConvSettings that counts here. */
export type Steps = Pick<ConvSettings, 'stride' | 'dilation' | 'padding' | 'groups'>;

function axisOf(axis: 0 | 1, large: Tensor, small: Tensor, weight: Tensor, s: Steps): GeneralAxis {
  const [sizes, kernel] = [[large, small].map((image) => image.shape[axis + 1]!), weight.shape[axis]!];
  return {
    large: sizes[0]!,
    small: sizes[1]!,
    kernel,
    // Where they make no difference they cost least as 1.
    stride: sizes[1]! <= 1 ? 1 : s.stride[axis]!,
    dilation: kernel === 1 ? 1 : s.dilation[axis]!,
    before: s.padding[axis]![0],
  };
}

export function generalOf(large: Tensor, small: Tensor, weight: Tensor, s: Steps): General {
  return {
    dtype: large.dtype as Float,
    batch: large.shape[0]!,
    y: axisOf(0, large, small, weight, s),
    x: axisOf(1, large, small, weight, s),
    groups: s.groups,
    a: large.shape[3]! / s.groups,
    b: small.shape[3]! / s.groups,
  };
}

/** Channels that are groups of their own, in fours. */
export function isDepthwise({ a, b, groups }: General): boolean {
  return a === 1 && b === 1 && groups % 4 === 0;
}

/** Channels a group in fours. */
export function hasQuadGroups({ a, b }: General): boolean {
  return a % 4 === 0 && b % 4 === 0 && a > 0 && b > 0;
}
