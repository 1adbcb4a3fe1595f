/** @file The problem that forms of `gather` solve, what their shaders are bound to, and how they find a tap's weight. */
import type { Float } from '../../tensor/dtype.ts';
import type { ChannelRun, Tensor } from '../../tensor/tensor.ts';
import { foldedGrid } from '../launch/grid.ts';
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
  /** Of y's shape, the output of a ReLU: where it is 0, y is to be. Both dense; for variants that cut. */
  readonly cut?: Tensor | undefined;
  /** Takes the moments of what is stored (see momentsShape), by variants that take them. */
  readonly moments?: Tensor | undefined;
}

export interface GatherVariant extends Variant<Gather, [GatherTensors, string]> {
  /** Reads and writes runs of channels in place; for other variants they are copied. */
  readonly runs?: true;
  /** Computes f16 too; others are for f32 alone. */
  readonly half?: true;
  /** Cuts y where told to. */
  readonly cuts?: true;
  /** Takes moments where asked for, on devices with matrices of 16×16. */
  readonly moments?: true;
}

/** Shaders without bias still have the binding: the weight stands in for it. */
export function bindingsOf({ x, weight, bias, y }: GatherTensors) {
  return { x, w: weight, bias: bias ?? weight, y };
}

/** Those of shaders that cut: where nothing is, the weight stands in. */
export const allBindingsOf = (tensors: GatherTensors) => ({
  ...bindingsOf(tensors),
  cut: tensors.cut ?? tensors.weight,
});

/** How the weight's index moves; transposed, the kernel is turned, so that both directions are one pipeline. */
export function weightSteps({ k, m, transposed }: Gather) {
  return transposed
    ? { weightOrigin: 8 * k * m, weightTap: -k * m, weightK: 1, weightM: k }
    : { weightOrigin: 0, weightTap: k * m, weightK: m, weightM: 1 };
}

/** Of a residue class of the output's pixels: rows, columns, and all of its pixels. */
function classSizes({ batch, outHeight, outWidth, up }: Gather) {
  const [classHeight, classWidth] = [Math.ceil(outHeight / up), Math.ceil(outWidth / up)];
  return { classHeight, classWidth, pixels: batch * classHeight * classWidth };
}

/** Pixels of the output, of each residue class. */
export function pixelsOf(g: Gather): number {
  return classSizes(g).pixels;
}

/** Sizes, for a sum in one piece. */
export function paramsOf(g: Gather, bias: Tensor | null) {
  const { dtype: _, batch: _n, transposed: _t, relu, biased: _b, input, output, ...sizes } = g;
  // Of a stride longer than the output only those classes that have pixels.
  const classesX = Math.min(g.up, g.outWidth);
  const flags = { hasBias: Number(bias !== null), relu: Number(relu) };
  const [xPitch, xStart] = [input?.pitch ?? g.k, input?.start ?? 0];
  const [yPitch, yStart] = [output?.pitch ?? g.m, output?.start ?? 0];
  const runs = { xPitch, xStart, yPitch, yStart };
  const whole = { strips: 1, chunk: 0, stripY: 0 };
  return { ...sizes, ...classSizes(g), classesX, ...flags, ...runs, ...whole };
}

/** The override by which a shader cuts; none where it does not. */
export const cutting = (cut: Tensor | undefined): Readonly<Record<string, number>> =>
  cut ? { CUTS: 1 } : {};

export function overridesOf({ transposed }: Gather) {
  return { TRANSPOSED: Number(transposed) };
}

/** Residue classes that have pixels. */
export function classesOf({ up, outHeight, outWidth }: Gather): number {
  return Math.min(up, outHeight) * Math.min(up, outWidth);
}

/** `across` workgroups for the pixels of every residue class, `down` for their channels. */
export function classGrid(g: Gather, across: number, down = 1) {
  return foldedGrid(across, down, classesOf(g));
}
