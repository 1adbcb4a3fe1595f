/** @file What networks are built from: layers, and specs, which declare a layer's parameters and give the layer. */

import { ShapeError } from '../base/errors.ts';
import { describe } from '../kernels/checks.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Declarations } from './declare.ts';

/** How a network runs. */
export interface LayerMode {
  /** Batch statistics and dropout (training), or running statistics. */
  readonly training: boolean;
  /** u32 [seed, step], written before each step: what dropout draws from in training. */
  readonly random?: Tensor | undefined;
}

/** Part of a network, with its parameters in place. */
export interface Layer {
  forward(x: Tensor, mode: LayerMode): Tensor;
}

/**
 * Declares what a layer needs under `at`, by PyTorch's names, and gives the layer. Own layers are specs too:
 *
 * ```ts
 * const residual: LayerSpec = (at) => {
 *   const conv = new Conv2d(at.at('conv'), { channelsIn: 8, channelsOut: 8, kernel: 3, padding: 1 });
 *   const norm = new GroupNorm(at.at('norm'), 4, 8);
 *   return { forward: (x) => ops.add(x, ops.silu(norm.forward(conv.forward(x)))) };
 * };
 * ```
 */
export type LayerSpec = (at: Declarations) => Layer;

/** The mode. @throws ShapeError for what says not whether the layer is trained */
export function expectMode(layer: string, mode: LayerMode): LayerMode {
  if (typeof mode?.training === 'boolean') return mode;
  throw new ShapeError(
    layer,
    'mode',
    `is ${describe(mode)}`,
    'Pass { training: true } or { training: false }.',
  );
}

/** Errors that say already where in the network they arose. */
const located = new WeakSet<Error>();

/** Runs `action`; a ShapeError from it names the layer's place: `3 (linear): x has 12 channels …`. */
function locate<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof ShapeError) || located.has(error) || path === '') throw error;
    const { call, argument, problem, fix } = error;
    const placed = new ShapeError(`${path} (${call})`, argument, problem, fix);
    located.add(placed);
    throw placed;
  }
}

/** The layer that a spec gives at a place; errors of both name it. @throws ShapeError for what is no spec */
export function placed(spec: LayerSpec, at: Declarations): Layer {
  const layer = locate(at.path, () => {
    const made: unknown = typeof spec === 'function' ? spec(at) : spec;
    if (typeof (made as Layer | undefined)?.forward === 'function' && made !== spec) return made as Layer;
    const problem = typeof spec === 'function' ? `gave ${describe(made)}` : `is ${describe(spec)}`;
    const fix = 'Use one of `layers`, called: layers.relu(). Own ones are functions (at) => ({ forward }).';
    throw new ShapeError('layer', 'spec', problem, fix);
  });
  return { forward: (x, mode) => locate(at.path, () => layer.forward(x, mode)) };
}
