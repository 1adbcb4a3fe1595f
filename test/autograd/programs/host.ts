/** @file Float64 arrays for the reference of random programs: plain loops over indices, as slow and plain as can be. */
import { broadcastShapes, elementCount, type Shape, stridesOf } from '../../../src/tensor/shape.ts';
import { type Host, host } from '../../check.ts';

export type Index = readonly number[];

/** The array of this shape whose element at each index is f(index). */
export function build(shape: Shape, f: (index: Index) => number): Host {
  const strides = stridesOf(shape);
  const data = new Float64Array(elementCount(shape));
  for (let i = 0; i < data.length; i++)
    data[i] = f(shape.map((size, axis) => Math.floor(i / strides[axis]!) % size));
  return { shape, data };
}

/** The element at an index; of axes of size 1 the only one, of missing leading axes none is asked. */
export function at(x: Host, index: Index): number {
  const strides = stridesOf(x.shape);
  const missing = index.length - x.shape.length;
  const offset = x.shape.reduce(
    (sum, size, axis) => sum + (size === 1 ? 0 : index[axis + missing]! * strides[axis]!),
    0,
  );
  return x.data[offset]!;
}

/** The element at an index, 0 outside. */
export function inside(x: Host, index: Index): number {
  return index.every((i, axis) => i >= 0 && i < x.shape[axis]!) ? at(x, index) : 0;
}

export const map = (x: Host, f: (v: number) => number): Host => host(x.shape, x.data.map(f));

/** f over elements broadcast by NumPy's rule. */
export function zip(a: Host, b: Host, f: (p: number, q: number) => number): Host {
  return build(broadcastShapes('zip', a.shape, b.shape), (index) => f(at(a, index), at(b, index)));
}

/** The elements along axes, of each index of the others (those axes at 0). */
export function groups(x: Host, axes: readonly number[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  build(x.shape, (index) => {
    const key = index.map((i, axis) => (axes.includes(axis) ? 0 : i)).join();
    const group = found.get(key) ?? [];
    found.set(key, group);
    group.push(at(x, index));
    return 0;
  });
  return found;
}

/** Reduces axes to size 1. */
export function reduce(x: Host, axes: readonly number[], f: (values: number[]) => number): Host {
  const found = groups(x, axes);
  return build(
    x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
    (index) => f(found.get(index.join())!),
  );
}

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
export const mean = (values: readonly number[]): number => sum(values) / values.length;
export const variance = (values: readonly number[]): number => {
  const center = mean(values);
  return mean(values.map((v) => (v - center) ** 2));
};

/** (x − mean)/√(variance + epsilon) over axes. */
export function normalized(x: Host, axes: readonly number[], epsilon: number): Host {
  const [center, spread] = [reduce(x, axes, mean), reduce(x, axes, variance)];
  return build(
    x.shape,
    (index) => (at(x, index) - at(center, index)) / Math.sqrt(at(spread, index) + epsilon),
  );
}
