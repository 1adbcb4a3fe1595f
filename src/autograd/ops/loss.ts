/** @file Losses of two numbers each: one number of shape [] each, f32. Predictions are f32 or f16, all else f32. */
import { expectOneOf } from '../../kernels/checks.ts';
import * as kernels from '../../kernels/index.ts';
import { expectOptions } from '../../kernels/options.ts';
import type { Reduction } from '../../kernels/ratio.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply, applyFirst } from '../apply.ts';

/** What losses of elements have in common: which count, and what becomes of their sum. */
export interface ElementLossOptions {
  /**
   * Of the prediction's shape: elements count by it, and those with 0 not at all, whatever they hold. It gets no
   * gradient.
   */
  readonly mask?: Tensor | undefined;
  /** mean: Σ mask·loss / Σ mask (default), 0 where Σ mask is not above 0; sum: Σ mask·loss. */
  readonly reduction?: Reduction | undefined;
}

/** Of `smoothL1`. */
export interface SmoothL1Options extends ElementLossOptions {
  /** Where it turns from quadratic to linear, from 0; default 1. With 0 it is `l1`. */
  readonly beta?: number | undefined;
}

/** Of `huber`. */
export interface HuberOptions extends ElementLossOptions {
  /** Where it turns from quadratic to linear, above 0; default 1. */
  readonly delta?: number | undefined;
}

type Function = kernels.ElementLossAttrs['fn'];

function elementLoss(
  fn: Function,
  [prediction, target]: readonly [Tensor, Tensor],
  options: ElementLossOptions,
  beta = 0,
): Tensor {
  const { mask = null, reduction } = options;
  return applyFirst(kernels.elementLoss, [prediction, target, mask], { fn, beta, reduction }, { as: fn });
}

/**
 * Mean of (prediction − target)², both of one shape.
 * @throws ShapeError for tensors or options that do not fit
 * @example
 * await ops.mse(tensor(device, [1, 2], [2]), tensor(device, [1, 4], [2])).item(); // 2
 */
export function mse(prediction: Tensor, target: Tensor, options: ElementLossOptions = {}): Tensor {
  expectOptions('mse', options, ['mask', 'reduction']);
  return elementLoss('mse', [prediction, target], options);
}

/**
 * Mean of |prediction − target|, both of one shape.
 * @throws ShapeError for tensors or options that do not fit
 * @example
 * await ops.l1(tensor(device, [1, 2], [2]), tensor(device, [1, 4], [2]), { reduction: 'sum' }).item(); // 2
 */
export function l1(prediction: Tensor, target: Tensor, options: ElementLossOptions = {}): Tensor {
  expectOptions('l1', options, ['mask', 'reduction']);
  return elementLoss('l1', [prediction, target], options);
}

/**
 * Mean of d²/(2·beta) where |d| < beta, |d| − beta/2 elsewhere, with d = prediction − target, both of one shape
 * (Girshick 2015). A number for the options is beta.
 * @throws ShapeError for tensors or options that do not fit
 * @example
 * await ops.smoothL1(tensor(device, [0.5, 3], [2]), zeros(device, [2])).item(); // 1.3125
 */
export function smoothL1(prediction: Tensor, target: Tensor, options: SmoothL1Options | number = {}): Tensor {
  const named = typeof options === 'number' ? { beta: options } : options;
  expectOptions('smoothL1', named, ['beta', 'mask', 'reduction']);
  return elementLoss('smoothL1', [prediction, target], named, named.beta ?? 1);
}

/**
 * Mean of d²/2 where |d| < delta, delta·(|d| − delta/2) elsewhere, with d = prediction − target, both of one shape (Huber
 * 1964). @throws ShapeError for tensors or options that do not fit
 * @example
 * await ops.huber(tensor(device, [1, 3], [2]), zeros(device, [2]), { delta: 2 }).item(); // 2.25
 */
export function huber(prediction: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  expectOptions('huber', options, ['delta', 'mask', 'reduction']);
  return elementLoss('huber', [prediction, target], options, options.delta ?? 1);
}

/**
 * Mean over the elements whose mask is 1 of (prediction − target)², all of one shape; 0 when none counts.
 * @example
 * const mask = tensor(device, [0, 1], [2]);
 * await ops.maskedMse(tensor(device, [9, 2], [2]), tensor(device, [1, 4], [2]), mask).item(); // 4
 */
export function maskedMse(prediction: Tensor, target: Tensor, mask: Tensor): Tensor {
  const attrs = { fn: 'mse', beta: 0 } as const;
  return applyFirst(kernels.elementLoss, [prediction, target, mask], attrs, { as: 'maskedMse' });
}

/** Of `klDivergence`. */
export interface KlDivergenceOptions extends Omit<ElementLossOptions, 'reduction'> {
  /** The target holds log-probabilities too (default false). */
  readonly logTarget?: boolean | undefined;
  /** As of the other losses; batchMean: Σ mask·loss over the size of the first axis, which is the divergence itself. */
  readonly reduction?: Reduction | 'batchMean' | undefined;
}

/**
 * Kullback–Leibler divergence of a target distribution from a predicted one, by element t·(log t − prediction): prediction
 * of log-probabilities (f32 or f16), target of probabilities (f32), of one shape. t = 0 counts as its limit, but gets the
 * gradient −∞. Both have a gradient.
 * @throws ShapeError for tensors or options that do not fit
 * @example
 * const prediction = ops.logSoftmax(zeros(device, [1, 2]));
 * await ops.klDivergence(prediction, tensor(device, [1, 0], [1, 2]), { reduction: 'batchMean' }).item(); // 0.693147
 */
export function klDivergence(prediction: Tensor, target: Tensor, options: KlDivergenceOptions = {}): Tensor {
  const as = 'klDivergence';
  expectOptions(as, options, ['logTarget', 'mask', 'reduction']);
  const { logTarget = false, mask, reduction = 'mean' } = options;
  expectOneOf(as, 'logTarget', logTarget, [true, false]);
  expectOneOf(as, 'reduction', reduction, ['mean', 'sum', 'batchMean']);
  const fn = logTarget ? 'klDivergenceOfLog' : 'klDivergence';
  const attrs = { fn, beta: 0, reduction: reduction === 'mean' ? 'mean' : 'sum' } as const;
  const loss = applyFirst(kernels.elementLoss, [prediction, target, mask ?? null], attrs, { as });
  if (reduction !== 'batchMean') return loss;
  using sum = loss;
  const batch = prediction.shape[0] ?? 1;
  return apply(kernels.unary, [sum], { fn: 'affine', alpha: 1 / Math.max(1, batch), beta: 0 }, { as });
}

/**
 * Mean of log(1 + exp(lower − higher)), of scores of one shape, the first of which should be the higher: `higher` f32 or
 * f16, `lower` f32 (RankNet: Burges et al. 2005). Both have a gradient.
 * @throws ShapeError for tensors or options that do not fit
 * @example
 * await ops.pairwiseLogistic(tensor(device, [2], [1]), tensor(device, [0], [1])).item(); // 0.126928
 */
export function pairwiseLogistic(higher: Tensor, lower: Tensor, options: ElementLossOptions = {}): Tensor {
  const fn = 'pairwiseLogistic';
  expectOptions(fn, options, ['mask', 'reduction']);
  const { mask = null, reduction } = options;
  return applyFirst(kernels.orderLoss, [higher, lower, mask], { fn, beta: 0, reduction }, { as: fn });
}

/** Of `contrastiveMargin` (Hadsell et al. 2006). */
export interface ContrastiveMarginOptions extends ElementLossOptions {
  /** How far apart unlike ones should be, above 0; default 1. */
  readonly margin?: number | undefined;
}

/**
 * Mean of ½·same·d² + ½·(1 − same)·max(0, margin − d)², d ≥ 0 the distances of pairs (f32 or f16), `same` 1 where a pair
 * is of like ones and 0 where it is not (f32), of one shape (Hadsell, Chopra and LeCun 2006, eq. 4). Both have a gradient.
 * @throws ShapeError for tensors or options that do not fit
 * @example
 * await ops.contrastiveMargin(tensor(device, [1, 0.5], [2]), tensor(device, [1, 0], [2])).item(); // 0.3125
 */
export function contrastiveMargin(
  distance: Tensor,
  same: Tensor,
  options: ContrastiveMarginOptions = {},
): Tensor {
  const fn = 'contrastiveMargin';
  expectOptions(fn, options, ['margin', 'mask', 'reduction']);
  const { margin = 1, mask = null, reduction } = options;
  return applyFirst(
    kernels.distanceLoss,
    [distance, same, mask],
    { fn, beta: margin, reduction },
    { as: fn },
  );
}

/**
 * Heatmaps [N, H, W, V] of lines [N, V, 3]: exp(−distance²/(2·sigma²)), in pixels (paper §1). No gradient.
 * @example
 * const line = tensor(device, [1, 0, -1], [1, 1, 3]); // x = 1
 * await ops.lineHeatmap(line, { height: 1, width: 3, sigma: 1 }).read(); // [0.606531, 1, 0.606531]
 */
export function lineHeatmap(lines: Tensor, attrs: kernels.LineHeatmapAttrs): Tensor {
  return apply(kernels.lineHeatmap, [lines], attrs);
}

/**
 * Mean squared error of prediction [N, H, W, V] to the heatmaps of lines [N, V, 3], over the images and views whose
 * mask [N, V] is 1; 0 when none counts.
 * @example
 * const [line, mask] = [tensor(device, [1, 0, -1], [1, 1, 3]), filled(device, 1, [1, 1])]; // x = 1
 * await ops.lineHeatmapMse(zeros(device, [1, 1, 3, 1]), line, mask, { sigma: 1 }).item(); // 0.578586
 */
export function lineHeatmapMse(
  prediction: Tensor,
  lines: Tensor,
  mask: Tensor,
  attrs: kernels.LineHeatmapMseAttrs,
): Tensor {
  return applyFirst(kernels.lineHeatmapMse, [prediction, lines, mask], attrs);
}
