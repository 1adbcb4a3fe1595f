/** @file Shapes: element counts, broadcasting and axis arithmetic. */
import { describe } from '../base/describe.ts';
import { ShapeError } from '../base/errors.ts';

/** Extents of the axes, outermost first; row-major. */
export type Shape = readonly number[];

export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** The shape both broadcast to (NumPy's rule), or a ShapeError naming `op`. */
export function broadcastShapes(op: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw new ShapeError(
      op,
      'b',
      `has shape ${formatShape(b)}, which does not broadcast with ${formatShape(a)}`,
      'Sizes must be equal or 1, counted from the last axis.',
    );
  });
}

/** Throws ShapeError unless `shape` holds as many elements as what is to be seen under it. */
export function expectCount(
  call: string,
  shape: Shape,
  of: { readonly shape: Shape; readonly size: number },
): void {
  if (!Array.isArray(shape))
    throw new ShapeError(call, 'shape', `is ${describe(shape)}`, 'An array of sizes is needed.');
  if (elementCount(shape) === of.size) return;
  const problem = `${formatShape(shape)} has ${elementCount(shape)} elements, the tensor ${formatShape(of.shape)} has ${of.size}`;
  throw new ShapeError(call, 'shape', problem, 'The counts must be equal.');
}

/** `shape` for `size` elements, where one axis may be −1: what is left for it. @throws ShapeError naming `call` */
export function inferShape(call: string, shape: Shape, size: number): number[] {
  if (!Array.isArray(shape) || !shape.every((axis) => Number.isInteger(axis) && axis >= -1)) {
    const fix = 'An array of whole numbers from 0 is needed, or one −1.';
    throw new ShapeError(call, 'shape', `is ${describe(shape)}`, fix);
  }
  const open = shape.filter((axis) => axis === -1).length;
  const known = elementCount(shape.filter((axis) => axis !== -1));
  if (open === 0 && known === size) return [...shape];
  const rest = size / known;
  if (open === 1 && Number.isInteger(rest)) return shape.map((axis) => (axis === -1 ? rest : axis));
  const problem = `${formatShape(shape)} does not hold ${size} elements`;
  const fixes = ['The counts must be equal.', 'Without the −1 there must be a divisor of that.'];
  throw new ShapeError(call, 'shape', problem, fixes[open] ?? 'Only one axis can be −1.');
}
