/**
 * @file The launch behind every weight gradient: correlates a large image with a small one.
 *
 * dw[tap][a][b] = Σ large[n, j·stride + tap·dilation − padding, a] · small[n, j, b], over the small image's pixels j.
 * Rows are summed in strips, then the strips in order: the same bits every run.
 * What is not finite in the last columns reaches, as NaN, taps that do not meet it where a form takes four at once.
 */
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { ChannelRun, Tensor } from '../../tensor/tensor.ts';
import { elementAliases, type Float } from '../elements.ts';
import { foldedGrid } from '../launch/grid.ts';
import { launch, linearGrid } from '../launch/queue.ts';
import { chooseVariant, type Variant } from '../launch/variant.ts';
import { denseOf, inQuads } from '../runs.ts';
import * as shaders from '../shaders.gen.ts';
import { gpuCorrelations } from './correlateGpu.ts';
import { paramsOf, tapsOf } from './correlationLayout.ts';
import { type BiasSum, finishGrad } from './finishGrad.ts';
import { patchCorrelation } from './patch.ts';
import { winogradCorrelations } from './winograd.ts';
import { pairCorrelation } from './winogradPair.ts';

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
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: number;
  /** Set by `correlate` where the large image is a run of channels. */
  readonly run?: ChannelRun | undefined;
}

export interface CorrelationTensors {
  readonly large: Tensor;
  readonly small: Tensor;
  /** One dw per strip. */
  readonly partial: Tensor;
  /** What a variant that says `sumsBias` is to write besides; dy is the small image. */
  readonly bias?: BiasSum | undefined;
}

export interface CorrelationVariant extends Variant<Correlation, [CorrelationTensors, number, string]> {
  /** Workgroups (or invocations) that one strip gives; strips are cut until there is enough to do. */
  work(c: Correlation): number;
  /** Reads a large image that is a run of channels in place; for other variants it is copied. */
  readonly runs?: true;
  /** Computes f16 too; others are for f32 alone. */
  readonly half?: true;
  /** Sums the bias's gradient itself, where dy is the small image and there is one strip. */
  readonly sumsBias?: true;
  /** How many of those keep this device busy. */
  wanted(device: Device): number;
}

const subgroup4: CorrelationVariant = {
  name: 'subgroup4',
  runs: true,
  fits: (caps, c) => caps.subgroupSize === 4 && inQuads(c.a, c.run) && c.b % 4 === 0,
  preferred: (caps) => caps.software,
  work: (c) => tapsOf(c) * Math.ceil(c.a / (c.a > 16 ? 32 : 16)) * Math.ceil(c.b / 16),
  wanted: () => 24,
  launch(device, c, tensors, splits, label) {
    const wide = c.a > 16;
    const blocks = Math.ceil(c.a / (wide ? 32 : 16));
    const { grid, folds } = foldedGrid(blocks, Math.ceil(c.b / 16), tapsOf(c) * splits);
    const overrides = { WIDE: Number(wide), ...folds };
    const params = paramsOf(c, splits);
    launch(
      device,
      shaders.conv2dWeightGradSubgroup4,
      'main',
      { ...tensors },
      params,
      grid,
      { overrides },
      label,
    );
  },
};

const walk4: CorrelationVariant = {
  name: 'walk4',
  fits(caps, c) {
    const plain = c.kernelHeight === 3 && c.kernelWidth === 3 && c.stride === 1 && c.dilation === 1;
    return caps.subgroupSize === 4 && plain && c.a % 4 === 0 && c.b % 4 === 0;
  },
  preferred: (caps, c) => caps.software && c.smallWidth > 2,
  work: (c) => (c.a / 4) * Math.ceil(c.b / 16),
  wanted: () => 24,
  launch(device, c, tensors, splits, label) {
    const { grid, folds: overrides } = foldedGrid(c.a / 4, Math.ceil(c.b / 16), splits);
    const params = paramsOf(c, splits);
    launch(device, shaders.conv2dWeightGradWalk4, 'main', { ...tensors }, params, grid, { overrides }, label);
  },
};

const walk8: CorrelationVariant = {
  name: 'walk8',
  half: true,
  fits(caps, c) {
    const plain = c.kernelHeight === 3 && c.kernelWidth === 3 && c.stride === 1 && c.dilation === 1;
    return caps.subgroupSize === 8 && plain;
  },
  preferred: (caps) => caps.software,
  work: (c) => Math.ceil(c.a / 8) * Math.ceil(c.b / 8),
  wanted: () => 16,
  launch(device, c, tensors, splits, label) {
    const { grid, folds } = foldedGrid(Math.ceil(c.a / 8), Math.ceil(c.b / 8), splits);
    const params = paramsOf(c, splits);
    const specialization = { overrides: folds, aliases: elementAliases(c) };
    const shader = shaders.conv2dWeightGradWalk8;
    launch(device, shader, 'main', { ...tensors }, params, grid, specialization, label);
  },
};

const subgroup8: CorrelationVariant = {
  name: 'subgroup8',
  half: true,
  runs: true,
  fits: (caps) => caps.subgroupSize === 8,
  preferred: (caps) => caps.software,
  work: (c) => tapsOf(c) * Math.ceil(c.a / 32) * Math.ceil(c.b / 16),
  wanted: () => 16,
  launch(device, c, tensors, splits, label) {
    const { grid, folds } = foldedGrid(Math.ceil(c.a / 32), Math.ceil(c.b / 16), tapsOf(c) * splits);
    const params = paramsOf(c, splits);
    const specialization = { overrides: folds, aliases: elementAliases(c) };
    const shader = shaders.conv2dWeightGradSubgroup8;
    launch(device, shader, 'main', { ...tensors }, params, grid, specialization, label);
  },
};

const stem: CorrelationVariant = {
  name: 'stem',
  fits: (_, c) => c.kernelHeight === 3 && c.kernelWidth === 3 && c.stride === 1 && c.dilation === 1,
  preferred: (caps) => caps.software,
  work: (c) => c.a * Math.ceil(c.b / 4),
  wanted: () => 512,
  launch(device, c, tensors, splits, label) {
    const { workgroup } = device.caps;
    const grid = linearGrid(this.work(c) * splits, workgroup);
    const overrides = { WORKGROUP: workgroup };
    const params = paramsOf(c, splits);
    launch(device, shaders.conv2dWeightGradStem, 'main', { ...tensors }, params, grid, { overrides }, label);
  },
};

const tile: CorrelationVariant = {
  name: 'tile',
  runs: true,
  half: true,
  fits: () => true,
  work: (c) => tapsOf(c) * c.a * Math.ceil(c.b / 4),
  wanted: () => 512,
  launch(device, c, tensors, splits, label) {
    const { workgroup } = device.caps;
    const grid = linearGrid(this.work(c) * splits, workgroup);
    const overrides = { WORKGROUP: workgroup };
    launch(
      device,
      shaders.conv2dWeightGradTile,
      'main',
      { ...tensors },
      paramsOf(c, splits),
      grid,
      { overrides, aliases: elementAliases(c) },
      label,
    );
  },
};

/** The variant as one that fits f16 only where it says so. */
function byType(variant: CorrelationVariant): CorrelationVariant {
  const fits: CorrelationVariant['fits'] = (caps, c) =>
    (c.dtype === 'f32' || variant.half === true) && variant.fits(caps, c);
  return { ...variant, fits };
}

/** Preferred first. */
export const correlationVariants: readonly CorrelationVariant[] = [
  patchCorrelation,
  pairCorrelation,
  ...winogradCorrelations,
  walk4,
  subgroup4,
  walk8,
  subgroup8,
  stem,
  ...gpuCorrelations,
  tile,
].map(byType);

/** What a correlation reads and writes; `bias` where the sum of dy (one of the two images) over its pixels is wanted. */
export interface CorrelationResult {
  readonly large: Tensor;
  readonly small: Tensor;
  readonly dw: Tensor;
  readonly bias?: BiasSum | undefined;
}

/** The best variant, and the problem as it knows it. */
export function correlationChoice(
  device: Device,
  op: string,
  sizes: Correlation,
  { large }: CorrelationResult,
) {
  const c: Correlation = { ...sizes, run: large.run };
  // Of no pixel the sum is 0, which not every form writes.
  if (large.size === 0) return { variant: tile, c };
  const variant = chooseVariant(device, op, correlationVariants, c) as CorrelationVariant;
  return { variant, c };
}

/** Writes dw [kernelHeight, kernelWidth, a, b], and the bias's gradient. */
export function correlate(device: Device, op: string, sizes: Correlation, result: CorrelationResult): void {
  if (result.dw.size === 0) {
    finishGrad(device, undefined, result.bias, op);
    return;
  }
  const { variant, c } = correlationChoice(device, op, sizes, result);
  const label = `${op}[${variant.name}]`;
  const small = denseOf(result.small);
  const large = variant.runs ? result.large : denseOf(result.large);
  const splits = splitsOf(device, variant, c);
  const { dw, bias } = result;
  if (splits === 1) {
    const own = variant.sumsBias && bias?.dy === result.small ? { dy: small, db: bias.db } : undefined;
    variant.launch(device, c, { large, small, partial: dw, bias: own }, 1, label);
    finishGrad(device, undefined, own ? undefined : bias, op);
  } else {
    using partial = empty(device, { shape: [splits, ...dw.shape], dtype: 'f32' }, `${op} strips`);
    variant.launch(device, c, { large, small, partial }, splits, label);
    finishGrad(device, { strips: partial, dw }, bias, op);
  }
  if (small !== result.small) small.dispose();
  if (large !== result.large) large.dispose();
}

/** Strips to cut the rows into, so that there is enough to do. */
function splitsOf(device: Device, variant: CorrelationVariant, c: Correlation): number {
  const rows = c.batch * c.smallHeight;
  return Math.max(1, Math.min(rows, Math.ceil(variant.wanted(device) / variant.work(c))));
}
