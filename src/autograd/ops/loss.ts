/** @file Losses: one number of shape [] each; only the prediction gets a gradient. */
import * as kernels from '../../kernels/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply, applyFirst } from '../apply.ts';

/** Mean of (prediction − target)², both of one shape. */
export function mse(prediction: Tensor, target: Tensor): Tensor {
  return applyFirst(kernels.elementLoss, [prediction, target, null], { fn: 'mse', beta: 0 });
}

/** Mean over the elements whose mask is 1 of (prediction − target)², all of one shape; 0 when none counts. */
export function maskedMse(prediction: Tensor, target: Tensor, mask: Tensor): Tensor {
  return applyFirst(kernels.elementLoss, [prediction, target, mask], { fn: 'mse', beta: 0 });
}

/** Mean of d²/(2·beta) where |d| < beta, |d| − beta/2 elsewhere, with d = prediction − target. */
export function smoothL1(prediction: Tensor, target: Tensor, beta = 1): Tensor {
  return applyFirst(kernels.elementLoss, [prediction, target, null], { fn: 'smoothL1', beta });
}

/** Heatmaps [N, H, W, V] of lines [N, V, 3]: exp(−distance²/(2·sigma²)), in pixels (paper §1). No gradient. */
export function lineHeatmap(lines: Tensor, attrs: kernels.LineHeatmapAttrs): Tensor {
  return apply(kernels.lineHeatmap, [lines], attrs);
}

/**
 * Mean squared error of prediction [N, H, W, V] to the heatmaps of lines [N, V, 3], over the images and views whose
 * mask [N, V] is 1; 0 when none counts.
 */
export function lineHeatmapMse(
  prediction: Tensor,
  lines: Tensor,
  mask: Tensor,
  attrs: kernels.LineHeatmapMseAttrs,
): Tensor {
  return applyFirst(kernels.lineHeatmapMse, [prediction, lines, mask], attrs);
}

export interface CrossEntropyOptions {
  /** [C] */
  readonly classWeights?: Tensor;
  /** Label of elements that do not count (default −1); labels that are no class do not count either. */
  readonly ignoreIndex?: number;
}

/**
 * Weighted mean of −log softmax(logits)[label] over the labels that count, 0 when none does. Logits [.., C], labels
 * [..] i32 or u32.
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  { classWeights, ignoreIndex = -1 }: CrossEntropyOptions = {},
): Tensor {
  return applyFirst(kernels.crossEntropy, [logits, labels, classWeights ?? null], { ignoreIndex });
}

/**
 * 1 − mean over classes of (2·Σ p·t + epsilon)/(Σ p + Σ t + epsilon), p the softmax of logits [.., C], t the labels
 * [..] (i32 or u32) as 0 and 1, sums over batch and pixels.
 */
export function softDice(logits: Tensor, labels: Tensor, epsilon = 1): Tensor {
  return applyFirst(kernels.softDice, [logits, labels], { epsilon });
}
