/**
 * @file Convolution and transposed convolution with groups, and strides, paddings and dilations by axis (NHWC, weight
 * HWIO): a direct form for what the kernels of conv2d.ts do not serve.
 */
import { empty } from '../../tensor/create.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Call, call, type Op } from '../op.ts';
import { copyInto } from '../runs.ts';
import { reluGrad } from '../unary.ts';
import { gatherGeneral } from './convGeneralGather.ts';
import { convGeneralInputGrad, convGeneralWeightGrad } from './convGeneralGrad.ts';
import { generalOf } from './convGeneralLayout.ts';
import type { ConvSettings } from './convGeneralSettings.ts';
import { convSpec } from './convGeneralShape.ts';

/**
 * y[n, i, g·b + o] = bias[g·b + o] + Σ x[n, i·stride + tap·dilation − padding, g·a + c] · weight[tap, c, g·b + o] with a
 * channels in and b out a group, or (`transposed`) that convolution's adjoint. Of two axes. f32, or x, weight and y in
 * f16; sums, bias and the gradients of weight and bias are f32.
 */
export const convGeneral: Op<ConvSettings> = {
  name: 'convGeneral',
  writesRuns: true,
  infer: (inputs, settings) => [convSpec('convGeneral', inputs, settings)],
  launch(device, [x, weight, bias], [y], settings) {
    const dense = y!.run ? empty(device, y!, 'dense') : y!;
    const [large, small] = settings.transposed ? [dense, x!] : [x!, dense];
    const { transposed: adjoint, relu } = settings;
    const g = { ...generalOf(large, small, weight!, settings), adjoint, relu };
    const tensors = { x: x!, weight: weight!, bias: bias ?? null, y: dense };
    gatherGeneral(device, 'convGeneral', g, tensors);
    if (dense === y) return;
    copyInto(dense, y!);
    dense.dispose();
  },
  grad({ inputs: [x, weight, bias], outputs: [y], dy, attrs }) {
    const d = attrs.relu ? call(reluGrad, [y!, dy[0]!], null) : dy[0]!;
    const { stride, dilation, padding, groups, transposed } = attrs;
    const steps = { stride, dilation, padding, groups, transposed };
    const shapeOf = (tensor: Tensor) => ({ ...steps, shape: tensor.shape });
    const sums = new Call(convGeneralWeightGrad, [x!, d], { ...shapeOf(weight!), bias: Boolean(bias) });
    const dx = call(convGeneralInputGrad, [d, weight!], shapeOf(x!));
    return [dx, sums.at(0), bias ? sums.at(1) : null];
  },
};
