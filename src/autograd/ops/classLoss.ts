/**
 * @file Losses of logits [.., C] (f32 or f16) with labels [..] (i32 or u32), numbers of classes 0 … C − 1; only the logits
 * get a gradient. A label that is no class makes the loss NaN, and the next read or sync of the device throws LabelError.
 */
import * as kernels from '../../kernels/index.ts';
import { IGNORED } from '../../kernels/labels.ts';
import { expectOptions } from '../../kernels/options.ts';
import type { Reduction } from '../../kernels/ratio.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { applyFirst } from '../apply.ts';

/** Which labels count: what `crossEntropy`, `softmaxFocal` and `softDice` have in common. */
export interface LabelOptions {
  /** Label of rows that do not count, whatever their logits hold; any whole number of 32 bits, default −100. */
  readonly ignoreIndex?: number | undefined;
}

/** Of `crossEntropy`; PyTorch’s CrossEntropyLoss has the same. */
export interface CrossEntropyOptions extends LabelOptions {
  /** [C], f32. */
  readonly classWeights?: Tensor | undefined;
  /** Share of each label that is spread evenly over all classes, 0 … 1; default 0. */
  readonly labelSmoothing?: number | undefined;
  /** mean: by the sum of the labels' class weights (default); sum; none: a loss for each label, of their shape. */
  readonly reduction?: kernels.CrossEntropyAttrs['reduction'];
}

/** Of `softmaxFocal` (Lin et al. 2017, eq. 5, over the softmax). */
export interface SoftmaxFocalOptions extends LabelOptions {
  /** Weight of each class, [C], f32; default 1. */
  readonly alpha?: Tensor | undefined;
  /** How much less counts what is right already, from 0; default 2. */
  readonly gamma?: number | undefined;
  /** mean: by the number of labels that count (default); sum. */
  readonly reduction?: Reduction | undefined;
}

/** Of `softDice`. */
export interface SoftDiceOptions extends LabelOptions {
  /** Keeps the score of a class finite that is neither there nor predicted, from 0; default 1. */
  readonly epsilon?: number | undefined;
  /** Whether class 0 counts; default true. */
  readonly background?: boolean | undefined;
  /** Whether each image, along the first axis, has scores of its own, of which the mean is taken; default false. */
  readonly perImage?: boolean | undefined;
}

/**
 * Weighted mean of −log softmax(logits)[label] over the labels that count, 0 when none does: shape [], f32. With
 * smoothing as PyTorch (Szegedy et al. 2016).
 * @throws ShapeError for tensors or options that do not fit
 * @example
 * const logits = tensor(device, [0, Math.log(3), 5, 0], [2, 2]);
 * const labels = tensor(device, [1, -100], [2], 'i32'); // the second row does not count
 * await ops.crossEntropy(logits, labels).item(); // 0.287682
 */
export function crossEntropy(logits: Tensor, labels: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const known = ['classWeights', 'ignoreIndex', 'labelSmoothing', 'reduction'];
  expectOptions('crossEntropy', options, known);
  const { classWeights = null, ignoreIndex = IGNORED, labelSmoothing, reduction } = options;
  const attrs = { ignoreIndex, labelSmoothing, reduction };
  return applyFirst(kernels.crossEntropy, [logits, labels, classWeights], attrs);
}

/**
 * Mean of −alpha[label]·(1 − p)^gamma·log p over the labels that count, 0 when none does, p the softmax's probability of
 * the label (Lin et al. 2017, for classes of which one holds): shape [], f32. With gamma 0 it is cross entropy.
 * @throws ShapeError for tensors or options that do not fit
 * @example
 * const logits = tensor(device, [0, Math.log(3)], [1, 2]);
 * await ops.softmaxFocal(logits, tensor(device, [1], [1], 'i32'), { gamma: 1 }).item(); // 0.0719205
 */
export function softmaxFocal(logits: Tensor, labels: Tensor, options: SoftmaxFocalOptions = {}): Tensor {
  expectOptions('softmaxFocal', options, ['alpha', 'gamma', 'ignoreIndex', 'reduction']);
  const { alpha = null, gamma = 2, ignoreIndex = IGNORED, reduction } = options;
  return applyFirst(kernels.softmaxFocal, [logits, labels, alpha], { gamma, ignoreIndex, reduction });
}

/**
 * 1 − mean over classes of (2·Σ p·t + epsilon)/(Σ p + Σ t + epsilon), p the softmax of the logits, t the labels as 0 and
 * 1, sums over batch and pixels (Milletari et al. 2016, with Σ p in place of Σ p²): shape [], f32. A number for the
 * options is epsilon.
 * @throws ShapeError for tensors or options that do not fit
 * @example
 * const labels = tensor(device, [0, 1], [1, 1, 2], 'i32');
 * await ops.softDice(zeros(device, [1, 1, 2, 2]), labels, { epsilon: 0 }).item(); // 0.5
 */
export function softDice(logits: Tensor, labels: Tensor, options: SoftDiceOptions | number = {}): Tensor {
  const named = typeof options === 'number' ? { epsilon: options } : options;
  expectOptions('softDice', named, ['background', 'epsilon', 'ignoreIndex', 'perImage']);
  const { epsilon = 1, ignoreIndex = IGNORED, background = true, perImage = false } = named;
  return applyFirst(kernels.softDice, [logits, labels], { epsilon, ignoreIndex, background, perImage });
}
