/**
 * @file The launch behind every weight gradient: correlates a large image with a small one.
 *
 * dw[tap][a][b] = Σ large[n, j·stride + tap·dilation − padding, a] · small[n, j, b], over the small image's pixels j.
 * Rows are summed in strips, then the strips in order: the same bits every run.
 * What is not finite in the last columns reaches, as NaN, taps that do not meet it where a form takes four at once.
 */
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { elementAliases } from '../elements.ts';
import { launch, linearGrid } from '../launch/queue.ts';
import { chooseVariant } from '../launch/variant.ts';
import { denseOf } from '../runs.ts';
import * as shaders from '../shaders.gen.ts';
import { gpuCorrelations } from './correlateGpu.ts';
import { stem, subgroup4, subgroup8, walk4, walk8 } from './correlateSoftware.ts';
import { type Correlation, type CorrelationVariant, paramsOf, tapsOf } from './correlationLayout.ts';
import { type BiasSum, finishGrad } from './finishGrad.ts';
import { isOversize, tapRows } from './oversize.ts';
import { patchCorrelation } from './patch.ts';
import { winogradCorrelations } from './winograd.ts';
import { pairCorrelation } from './winogradPair.ts';

const tile: CorrelationVariant = {
  name: 'tile',
  someRows: true,
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

/** The variant as one that fits f16, and some rows of a larger weight, only where it says so. */
function asItSays(variant: CorrelationVariant): CorrelationVariant {
  const fits: CorrelationVariant['fits'] = (caps, c) =>
    (c.dtype === 'f32' || variant.half === true) &&
    (c.firstRow === undefined || variant.someRows === true) &&
    variant.fits(caps, c);
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
].map(asItSays);

/** What a correlation reads and writes; `bias` where the sum of dy (one of the two images) over its pixels is wanted. */
interface CorrelationResult {
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
  if (isOversize(result.dw)) {
    for (const { weight: dw, row } of tapRows(op, result.dw)) {
      const { large, small } = result;
      correlate(device, op, { ...sizes, kernelHeight: 1, firstRow: row }, { large, small, dw });
      dw.dispose();
    }
    finishGrad(device, undefined, result.bias, op);
    return;
  }
  const { variant, c } = correlationChoice(device, op, sizes, result);
  const label = `${op}[${variant.name}]`;
  const small = denseOf(result.small);
  const large = variant.runs ? result.large : denseOf(result.large);
  const splits = splitsOf(device, variant, c);
  const { dw, bias } = result;
  const rows = bias ? splits * sumRowsOf(variant, c, bias, result) : 0;
  // One row is the gradient itself.
  using sums =
    rows > 1 ? empty(device, { shape: [rows, bias!.db.size], dtype: 'f32' }, `${op} sums`) : undefined;
  const dy = bias?.dy === result.large ? large : small;
  const own = rows > 0 ? { dy, db: sums ?? bias!.db } : undefined;
  const left = sums ? { dy: sums, db: bias!.db } : own ? undefined : bias;
  if (splits === 1) {
    variant.launch(device, c, { large, small, partial: dw, bias: own }, 1, label);
    finishGrad(device, undefined, left, op);
  } else {
    using partial = empty(device, { shape: [splits, ...dw.shape], dtype: 'f32' }, `${op} strips`);
    variant.launch(device, c, { large, small, partial, bias: own }, splits, label);
    finishGrad(device, { strips: partial, dw }, left, op);
  }
  if (small !== result.small) small.dispose();
  if (large !== result.large) large.dispose();
}

/** Rows of sums of dy that the variant takes of a strip. */
function sumRowsOf(
  variant: CorrelationVariant,
  c: Correlation,
  { dy }: BiasSum,
  { large }: CorrelationResult,
): number {
  return variant.sumsOf?.(c, dy === large ? 'large' : 'small') ?? 0;
}

/** Strips to cut the rows into, so that there is enough to do, and their gradients fit one binding. */
function splitsOf(device: Device, variant: CorrelationVariant, c: Correlation): number {
  const rows = c.batch * c.smallHeight;
  const bindable = Math.floor(device.caps.maxBinding / (4 * tapsOf(c) * c.a * c.b));
  return Math.max(1, Math.min(rows, bindable, Math.ceil(variant.wanted(device, c) / variant.work(c))));
}
