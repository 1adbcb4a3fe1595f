/** @file The problem that forms of `correlate` solve, and what every one's shader is told of its sizes. */

import type { Device } from '../../tensor/device.ts';
import type { Float } from '../../tensor/dtype.ts';
import type { ChannelRun, Tensor } from '../../tensor/tensor.ts';
import type { Variant } from '../launch/variant.ts';
import type { BiasSum } from './finishGrad.ts';

export interface Correlation {
  /** Of the images; sums, and the gradient, are f32. */
  readonly dtype: Float;
  readonly batch: number;
  readonly smallHeight: number;
  readonly smallWidth: number;
  readonly largeHeight: number;
  readonly largeWidth: number;
  /** Channels of the large image. */
  readonly a: number;
  /** Channels of the small image. */
  readonly b: number;
  /** Rows of taps, from `firstRow`. */
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: number;
  /** Set by `correlate` where dw is some rows of taps of a larger one: the first. */
  readonly firstRow?: number | undefined;
  /** Set by `correlate` where the large image is a run of channels. */
  readonly run?: ChannelRun | undefined;
}

interface CorrelationTensors {
  readonly large: Tensor;
  readonly small: Tensor;
  /** One dw per strip. */
  readonly partial: Tensor;
  /** What a variant that says `sumsOf` is to write besides: sums of dy, one of the images, as many rows as that says. */
  readonly bias?: BiasSum | undefined;
}

export interface CorrelationVariant extends Variant<Correlation, [CorrelationTensors, number, string]> {
  /** Workgroups (or invocations) that one strip gives; strips are cut until there is enough to do. */
  work(c: Correlation): number;
  /** Reads a large image that is a run of channels in place; for other variants it is copied. */
  readonly runs?: true;
  /** Computes rows of taps that are not the first. */
  readonly someRows?: true;
  /** Computes f16 too; others are for f32 alone. */
  readonly half?: true;
  /** Sums an image over its pixels besides, for the bias's gradient: into so many rows a strip; 0 where it does not. */
  sumsOf?(c: Correlation, image: 'large' | 'small'): number;
  /** How many of those keep this device busy. */
  wanted(device: Device, c: Correlation): number;
}

/** Whether taps and pixels of the small image meet every pixel of the large one, each once. */
export function tilesLarge(c: Correlation): boolean {
  const { stride, dilation, padding, kernelHeight, kernelWidth, smallHeight, smallWidth } = c;
  const meets = kernelHeight === stride && kernelWidth === stride && dilation === 1 && padding === 0;
  return meets && c.largeHeight === smallHeight * stride && c.largeWidth === smallWidth * stride;
}

export function tapsOf(c: Correlation): number {
  return c.kernelHeight * c.kernelWidth;
}

/** Sizes for `splits` strips. */
export function paramsOf(c: Correlation, splits: number) {
  const { dtype: _, run, firstRow = 0, ...sizes } = c;
  const [largePitch, largeStart] = [run?.pitch ?? c.a, run?.start ?? 0];
  return { ...sizes, firstRow, splits, count: tapsOf(c) * c.a * c.b, largePitch, largeStart };
}
