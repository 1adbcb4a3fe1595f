/** @file Elements of an axis by index, and sums of elements at their indices: each the other's gradient. */
import { IndexError, ShapeError } from '../base/errors.ts';
import type { Device } from '../tensor/device.ts';
import { byteSize, isFloat } from '../tensor/dtype.ts';
import { elementCount, formatShape, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { bitsOf, expectFloat, expectTypeIn } from './elements.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { call, expectShape, expectType, type Op } from './op.ts';
import { expectAxis } from './options.ts';
import * as shaders from './shaders.gen.ts';

export interface IndexAttrs {
  /** Negative counts from the last. */
  readonly axis: number;
  /** An index for each element, in a tensor of their shape; otherwise for each place along the axis, in [places]. */
  readonly each: boolean;
}

/** Checks indices into an axis of `shape` and gives the shape of what they take. @throws ShapeError */
function takenShape(op: string, shape: Shape, indices: Tensor, { axis, each }: IndexAttrs): number[] {
  const at = expectAxis(op, 'axis', axis, shape);
  if (indices.dtype !== 'i32' && indices.dtype !== 'u32') {
    const problem = `have dtype ${indices.dtype}`;
    throw new ShapeError(op, 'indices', problem, "i32 or u32 are needed; use cast(indices, 'i32').");
  }
  if (indices.shape.length !== (each ? shape.length : 1)) {
    const problem = `have shape ${formatShape(indices.shape)}`;
    const fix = each ? `Shape ${formatShape(shape)} but for axis ${axis} is needed.` : '[places] is needed.';
    throw new ShapeError(op, 'indices', problem, fix);
  }
  const taken = shape.with(at, indices.shape[each ? at : 0]!);
  if (each) expectShape(op, 'indices', indices, taken);
  if (shape[at] === 0 && elementCount(taken) > 0) {
    const problem = `has nothing along axis ${axis} of ${formatShape(shape)}`;
    throw new ShapeError(op, 'x', problem, 'At least one place is needed.');
  }
  return taken;
}

/** Elements that an invocation moves at once, and the sizes of a launch that writes `to`. */
function settings(device: Device, shape: Shape, indices: Tensor, to: Tensor, { axis, each }: IndexAttrs) {
  const at = expectAxis('indexed', 'axis', axis, shape);
  const inner = elementCount(shape.slice(at + 1));
  const width = inner % 4 === 0 && !each ? 4 : 1;
  const length = indices.shape[each ? at : 0]!;
  const { workgroup } = device.caps;
  const params = { count: to.size / width, size: shape[at]!, length, inner: inner / width };
  return {
    params,
    grid: linearGrid(params.count, workgroup),
    overrides: { WORKGROUP: workgroup, EACH: Number(each) },
    vector: (element: string) => (width === 4 ? `vec4<${element}>` : element),
  };
}

/** Where kernels report an index beyond `size`. */
function indexFault(device: Device, call: string, { dtype }: Tensor, size: number) {
  return device.faults.placeOf({
    key: `${call} ${dtype} ${size}`,
    explain: (bits) => new IndexError(call, dtype === 'i32' ? bits | 0 : bits, size),
  });
}

/**
 * Inputs x of any dtype and indices (i32 or u32) → x with other places along an axis: those of the indices. One that is no
 * place is a fault, and NaN stands there (0 of whole numbers).
 */
export const take: Op<IndexAttrs & { readonly call: string }> = {
  name: 'take',
  inputs: ['x', 'indices'],
  infer([x, indices], attrs) {
    expectTypeIn('take', 'x', x!, ['f32', 'f16', 'i32', 'u32', 'bool']);
    return [{ shape: takenShape('take', x!.shape, indices!, attrs), dtype: x!.dtype }];
  },
  launch(device, [x, indices], [y], attrs) {
    if (y!.size === 0) return;
    const { params, grid, overrides, vector } = settings(device, x!.shape, indices!, y!, attrs);
    const { faults, fault } = indexFault(device, attrs.call, indices!, params.size);
    const half = byteSize(x!.dtype) === 2;
    const missing = isFloat(x!.dtype) ? bitsOf(Number.NaN, 'f32') : 0;
    const element = half ? 'f16' : 'u32';
    const aliases = { T: vector(element), E: element, B: half ? 'f32' : 'u32' };
    const tensors = { x: x!, indices: indices!, y: y!, faults };
    const all = { ...params, fault, missing };
    launch(device, shaders.indexed, 'take', tensors, all, grid, { overrides, aliases }, attrs.call);
  },
  grad({ inputs: [x, indices], dy, attrs }) {
    if (!isFloat(x!.dtype)) return [null, null];
    return [call(addAt, [dy[0]!, indices!, null], { ...attrs, shape: x!.shape }), null];
  },
};

/**
 * Inputs source (f32 or f16), indices (i32 or u32) and base or null → the base, or zeros of `shape`, plus the source's
 * elements at their indices along an axis, in the order of the indices. What is no place is left out: with a base a fault.
 */
export const addAt: Op<IndexAttrs & { readonly call: string; readonly shape: Shape }> = {
  name: 'addAt',
  inputs: ['source', 'indices', 'x'],
  infer([source, indices, base], attrs) {
    const { shape } = attrs;
    const { dtype } = expectFloat('addAt', 'source', source!);
    expectShape('addAt', 'source', source!, takenShape('addAt', shape, indices!, attrs));
    if (base) expectType('addAt', 'x', base, dtype);
    return [{ shape, dtype }];
  },
  launch(device, [source, indices, base], [total], attrs) {
    if (total!.size === 0) return;
    const { params, grid, overrides, vector } = settings(device, attrs.shape, indices!, total!, attrs);
    const { faults, fault } = indexFault(device, attrs.call, indices!, params.size);
    const aliases = { V: vector('f32'), X: vector(total!.dtype) };
    const specialization = { overrides: { ...overrides, ADDS: Number(Boolean(base)) }, aliases };
    const tensors = { indices: indices!, source: source!, base: base ?? source!, total: total!, faults };
    const all = { ...params, fault, missing: 0 };
    launch(device, shaders.indexed, 'add', tensors, all, grid, specialization, `${attrs.call}.add`);
  },
  grad: ({ inputs: [, indices], dy, attrs }) => [call(take, [dy[0]!, indices!], attrs), null, dy[0]!],
};
