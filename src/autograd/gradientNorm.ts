/** @file The norm of all gradients together, the factor that clips them, and with a scaler whether the step is taken. */
import { launch } from '../kernels/launch/queue.ts';
import * as shaders from '../kernels/shaders.gen.ts';
import { empty } from '../tensor/create.ts';
import { scope } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ParameterArena } from './arena.ts';
import type { Rule } from './optimSettings.ts';
import type { LossScaler } from './scaler.ts';
import { windowOf } from './windows.ts';

/** What a scaler decides by, and where to. */
interface Scaling {
  readonly scaler: LossScaler;
  readonly hyper: Tensor;
  readonly rates: Tensor;
  readonly loss: Tensor | undefined;
}

interface Target {
  /** Gets norm and factor. */
  readonly clip: Tensor;
  readonly scaling: Scaling | undefined;
}

/** Launches of fixed order over the whole gradient arena: one a window, and what follows from them. */
export function measureNorm(
  { device, gradients, windows }: ParameterArena,
  rule: Rule,
  { clip, scaling }: Target,
): void {
  const { workgroup, software } = device.caps;
  using _partials = scope();
  const groups = software ? 4 : 64;
  const strips = groups * workgroup;
  const all = strips * windows.length;
  const partials = empty(device, { shape: [all], dtype: 'f32' }, 'norm partials');
  const shared = paramsOf(rule, scaling);
  const specialized = { overrides: { WORKGROUP: workgroup } };
  for (const [index, window] of windows.entries()) {
    using own = windowOf(gradients, window);
    using sums = windowOf(partials, { first: (index * strips) / 4, quads: strips / 4 });
    const square = { gradients: own, partials: sums };
    const sizes = { quads: window.quads, strips, ...shared };
    launch(device, shaders.optimnorm, 'square', square, sizes, [groups], specialized, 'gradientNorm.square');
  }
  const params = { quads: 0, strips: all, ...shared };
  const finish = { sums: partials, clip };
  const label = 'gradientNorm.finish';
  if (!scaling) {
    launch(device, shaders.optimnorm, 'finish', finish, params, [1], specialized, label);
    return;
  }
  const { scaler, hyper, rates, loss } = scaling;
  // the rates, always finite, for a loss that is not told
  const watched = { loss: loss ?? rates, ...scaler.undo };
  const tensors = { ...finish, hyper, rates, scaler: scaler.whole, ...watched };
  launch(device, shaders.optimnorm, 'finishScaled', tensors, params, [1], specialized, label);
}

function paramsOf({ kind, beta1, beta2, maxGradientNorm, groups }: Rule, scaling: Scaling | undefined) {
  const [first, second] = kind === 'sgd' ? [0, 0] : [beta1, beta2];
  return {
    maxNorm: maxGradientNorm ?? -1,
    ...{ beta1: first, rest1: 1 - first, beta2: second, rest2: 1 - second },
    growthInterval: scaling?.scaler.growthInterval ?? 0,
    stateQuads: (scaling?.scaler.undo.state.size ?? 0) / 4,
    groups: 1 + groups.length,
  };
}
