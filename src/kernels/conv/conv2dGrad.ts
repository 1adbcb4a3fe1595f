/** @file Gradients of convolution and transposed convolution. */
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Call, call, type GradContext, type Op, type Value } from '../op.ts';
import { denseOf } from '../runs.ts';
import { reluGrad } from '../unary.ts';
import {
  adjointGather,
  type Conv2dAttrs,
  correlationOf,
  forwardGather,
  type Steps,
  stepsOf,
} from './conv2dLayout.ts';
import { correlate, correlationChoice } from './correlate.ts';
import { isCut } from './cut.ts';
import { finishGrad } from './finishGrad.ts';
import { gather, gatherChoice } from './gather.ts';
import { isOversize } from './oversize.ts';
import { patchGrads } from './patch.ts';
import { winogradGrads } from './winogradGrads.ts';

function outputGrad(attrs: Conv2dAttrs, y: Tensor, dy: Value): Value {
  return attrs.relu ? call(reluGrad, [y, dy], null) : dy;
}

interface InputGradAttrs extends Steps {
  readonly height: number;
  readonly width: number;
}

/** Gradient of conv2d's input: the adjoint of the convolution, applied to dy. */
const conv2dInputGrad: Op<InputGradAttrs> = {
  name: 'conv2dInputGrad',
  readsRuns: true,
  writesRuns: true,
  infer: ([dy, weight], { height, width }) => [
    { shape: [dy!.shape[0]!, height, width, weight!.shape[2]!], dtype: dy!.dtype },
  ],
  launch(device, [dy, weight], [dx], attrs) {
    const g = adjointGather(dy!, dx!, weight!, attrs, false);
    gather(device, 'conv2dInputGrad', g, { x: dy!, weight: weight!, bias: null, y: dx! });
  },
};

interface WeightGradAttrs extends Steps {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  /** Which image is the gradient of the output, if the bias's gradient is wanted too: its sum over the pixels. */
  readonly dy: 'large' | 'small' | null;
}

function weightGradAttrs(weight: Tensor, attrs: Conv2dAttrs, dy: WeightGradAttrs['dy']): WeightGradAttrs {
  return { ...stepsOf(attrs), kernelHeight: weight.shape[0]!, kernelWidth: weight.shape[1]!, dy };
}

/** Gradients of weight and bias from (large, small): (x, dy) of a convolution, (dy, x) of a transposed one. */
const conv2dWeightGrad: Op<WeightGradAttrs> = {
  name: 'conv2dWeightGrad',
  readsRuns: true,
  infer([large, small], { kernelHeight, kernelWidth, dy }) {
    const [a, b] = [large!.shape[3]!, small!.shape[3]!];
    const dw = { shape: [kernelHeight, kernelWidth, a, b], dtype: 'f32' as const };
    return dy ? [dw, { shape: [dy === 'large' ? a : b], dtype: 'f32' }] : [dw];
  },
  launch(device, [large, small], [dw, db], attrs) {
    const bias = db && { dy: attrs.dy === 'large' ? large! : small!, db };
    const tensors = { large: large!, small: small!, dw: dw!, bias };
    correlate(device, 'conv2dWeightGrad', correlationOf(large!, small!, dw!, attrs), tensors);
  },
};

/** Gradient of conv2dTranspose's input: the convolution it is the adjoint of. */
const conv2dTransposeInputGrad: Op<InputGradAttrs> = {
  name: 'conv2dTransposeInputGrad',
  readsRuns: true,
  writesRuns: true,
  infer: ([dy, weight], { height, width }) => [
    { shape: [dy!.shape[0]!, height, width, weight!.shape[3]!], dtype: dy!.dtype },
  ],
  launch(device, [dy, weight], [dx], attrs) {
    const g = forwardGather(dy!, dx!, weight!, attrs, false);
    gather(device, 'conv2dTransposeInputGrad', g, { x: dy!, weight: weight!, bias: null, y: dx! });
  },
};

interface AllGradsAttrs extends Steps {
  readonly bias: boolean;
  /** Set by backward: see Op.cuts. */
  readonly cut?: true;
}

/** All gradients of conv2d from (x, dy, weight, and y where it ended in a ReLU): some forms share work between them. */
const conv2dGrads: Op<AllGradsAttrs> = {
  name: 'conv2dGrads',
  readsRuns: true,
  cuts: true,
  infer([x, dy, weight], { bias }) {
    const dx = { shape: x!.shape, dtype: dy!.dtype };
    const dw = { shape: weight!.shape, dtype: 'f32' as const };
    return bias ? [dx, dw, { shape: [weight!.shape[3]!], dtype: 'f32' }] : [dx, dw];
  },
  launch(device, [x, dy, weight, output], [dx, dw, db], attrs) {
    const y = uncut(output, dy!);
    const g = adjointGather(dy!, dx!, weight!, attrs, false);
    const c = correlationOf(x!, dy!, weight!, attrs);
    const input = { x: dy!, weight: weight!, bias: null, y: dx!, cut: attrs.cut && x! };
    const sum = { large: x!, small: dy!, dw: dw!, bias: db && { dy: dy!, db } };
    const together = isOversize(dw!)
      ? null
      : winogradGrads(
          gatherChoice(device, 'conv2dInputGrad', g, input),
          correlationChoice(device, 'conv2dWeightGrad', c, sum),
        );
    if (together) {
      together(device, { x: x!, dy: dy!, weight: weight!, y }, { dx: dx!, dw: dw!, db });
      return;
    }
    const d = y ? masked(device, y, dy!) : dy!;
    // The weight's first: x may go before its own gradient comes.
    correlate(device, 'conv2dWeightGrad', c, { ...sum, small: d, bias: db && { dy: d, db } });
    gather(device, 'conv2dInputGrad', g, { ...input, x: d });
    if (d !== dy) d.dispose();
  },
};

/** All gradients of conv2dTranspose from (x, dy, weight, and y where it ended in a ReLU). */
const conv2dTransposeGrads: Op<AllGradsAttrs> = {
  name: 'conv2dTransposeGrads',
  readsRuns: true,
  cuts: true,
  infer([x, dy, weight], { bias }) {
    const dx = { shape: x!.shape, dtype: dy!.dtype };
    const dw = { shape: weight!.shape, dtype: 'f32' as const };
    return bias ? [dx, dw, { shape: [weight!.shape[2]!], dtype: 'f32' }] : [dx, dw];
  },
  launch(device, [x, dy, weight, output], [dx, dw, db], attrs) {
    const y = uncut(output, dy!);
    const d = y ? masked(device, y, dy!) : dy!;
    const g = forwardGather(d, dx!, weight!, attrs, false);
    const c = correlationOf(d, x!, weight!, attrs);
    const input = { x: d, weight: weight!, bias: null, y: dx!, cut: attrs.cut && x! };
    const sum = { large: d, small: x!, dw: dw!, bias: db && { dy: d, db } };
    const together = isOversize(dw!)
      ? null
      : patchGrads(
          gatherChoice(device, 'conv2dTransposeInputGrad', g, input),
          correlationChoice(device, 'conv2dWeightGrad', c, sum),
        );
    if (together) {
      together(device, { x: x!, dy: d, weight: weight!, dx: dx!, dw: dw! });
      finishGrad(device, undefined, sum.bias, 'conv2dWeightGrad');
    } else {
      correlate(device, 'conv2dWeightGrad', c, sum);
      gather(device, 'conv2dTransposeInputGrad', g, input);
    }
    if (d !== dy) d.dispose();
  },
};

/** What dy is still to be cut by: the output of a ReLU, unless that has been done. */
const uncut = (output: Tensor | null | undefined, dy: Tensor): Tensor | null =>
  output && !isCut(dy, output) ? output : null;

/** dy but where y is cut to 0 or below; where it is NaN, dy. */
function masked(device: Device, y: Tensor, dy: Tensor): Tensor {
  const d = empty(device, dy, 'reluGrad');
  const dense = [y, dy].map(denseOf) as [Tensor, Tensor];
  reluGrad.launch(device, dense, [d], null);
  if (dense[0] !== y) dense[0].dispose();
  if (dense[1] !== dy) dense[1].dispose();
  return d;
}

/** What conv2d's `grad` gives. */
export function gradientsOf(
  { inputs: [x, weight, bias], outputs: [y], dy, tracked }: GradContext<Conv2dAttrs>,
  attrs: Conv2dAttrs,
): readonly (Value | null)[] {
  if (tracked[0] && tracked[1]) {
    const inputs = [x!, dy[0]!, weight!, attrs.relu ? y! : null];
    const all = new Call(conv2dGrads, inputs, { ...stepsOf(attrs), bias: Boolean(bias) });
    return [all.at(0), all.at(1), bias ? all.at(2) : null];
  }
  const d = outputGrad(attrs, y!, dy[0]!);
  const like = { ...stepsOf(attrs), height: x!.shape[1]!, width: x!.shape[2]! };
  const forWeight = weightGradAttrs(weight!, attrs, bias ? 'small' : null);
  const gradients = new Call(conv2dWeightGrad, [x!, d], forWeight);
  return [call(conv2dInputGrad, [d, weight!], like), gradients.at(0), bias ? gradients.at(1) : null];
}

/** What conv2dTranspose's `grad` gives. */
export function transposedGradientsOf(
  { inputs: [x, weight, bias], outputs: [y], dy, tracked }: GradContext<Conv2dAttrs>,
  attrs: Conv2dAttrs,
): readonly (Value | null)[] {
  if (tracked[0] && tracked[1]) {
    const inputs = [x!, dy[0]!, weight!, attrs.relu ? y! : null];
    const all = new Call(conv2dTransposeGrads, inputs, { ...stepsOf(attrs), bias: Boolean(bias) });
    return [all.at(0), all.at(1), bias ? all.at(2) : null];
  }
  const d = outputGrad(attrs, y!, dy[0]!);
  const like = { ...stepsOf(attrs), height: x!.shape[1]!, width: x!.shape[2]! };
  const forWeight = weightGradAttrs(weight!, attrs, bias ? 'large' : null);
  const gradients = new Call(conv2dWeightGrad, [d, x!], forWeight);
  return [call(conv2dTransposeInputGrad, [d, weight!], like), gradients.at(0), bias ? gradients.at(1) : null];
}
