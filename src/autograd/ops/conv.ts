/** @file Convolution, transposed convolution, linear layer and matrix product as differentiable functions. */
import * as kernels from '../../kernels/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { apply } from '../apply.ts';

/** x [N, H, W, C], weight [kernelHeight, kernelWidth, C, O], bias [O] or null → [N, H′, W′, O]. */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  attrs: kernels.Conv2dAttrs = {},
): Tensor {
  return apply(kernels.conv2d, [x, weight, bias], attrs);
}

/**
 * x [N, H, W, C], weight [kernelHeight, kernelWidth, O, C], bias [O] or null → [N, H′, W′, O], in `into` if given (see
 * sideBySide).
 */
export function conv2dTranspose(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  attrs: kernels.ConvTranspose2dAttrs = {},
  into?: Tensor,
): Tensor {
  return apply(kernels.conv2dTranspose, [x, weight, bias], attrs, { into });
}

/** x [n, k] · weight [k, m] + bias [m] → [n, m]. */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  return apply(kernels.linear, [x, weight, bias], null);
}

/** a [n, k] · b [k, m] → [n, m]. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return apply(kernels.linear, [a, b, null], null, { as: 'matmul' });
}
