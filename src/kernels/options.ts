/** @file Checks of options and axes as users write them; each throws a ShapeError that names the call. */
import { ShapeError } from '../base/errors.ts';
import { formatShape, type Shape } from '../tensor/shape.ts';
import { describe, expectKnown, expectWhole } from './checks.ts';

/** Throws unless `options` is an object with keys of `known` only: a number or a list would be ignored in silence. */
export function expectOptions(call: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const fix = `An object with ${known.join(', ')} is needed.`;
    throw new ShapeError(call, 'options', `is ${describe(options)}`, fix);
  }
  expectKnown(call, options, known);
}

/** The axis from 0, of −rank … rank−1. */
export function expectAxis(call: string, argument: string, axis: number, shape: Shape): number {
  const rank = shape.length;
  if (rank === 0)
    throw new ShapeError(call, argument, `is ${describe(axis)}, but x has no axis`, 'Reshape x.');
  expectWhole(call, argument, axis, -rank, rank - 1);
  return axis < 0 ? axis + rank : axis;
}

/** Axes from 0, in order; none given means all. */
export function expectAxes(call: string, axes: readonly number[] | undefined, shape: Shape): number[] {
  if (axes === undefined) return shape.map((_, axis) => axis);
  if (!Array.isArray(axes))
    throw new ShapeError(call, 'axes', `is ${describe(axes)}`, 'An array of axes is needed.');
  const normal = axes.map((axis: number, i) => expectListed(call, axis, i, shape));
  if (new Set(normal).size < normal.length)
    throw new ShapeError(call, 'axes', `${describe(axes)} name an axis twice`, 'Name each once.');
  return normal.sort((a, b) => a - b);
}

function expectListed(call: string, axis: number, index: number, shape: Shape): number {
  const rank = shape.length;
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  const found = `holds ${describe(axis)} at ${index}, but x has rank ${rank}, shape ${formatShape(shape)}`;
  throw new ShapeError(call, 'axes', found, rank ? `Use whole numbers ${-rank} … ${rank - 1}.` : 'Use none.');
}

/** One number for both axes of an image, or [y, x]. */
export type Pair = number | readonly [y: number, x: number];

/** Both numbers, each whole and at least `least`. */
export function expectPair(call: string, argument: string, pair: Pair, least: number): [number, number] {
  if (!Array.isArray(pair)) {
    const both = expectWhole(call, argument, pair as number, least);
    return [both, both];
  }
  if (pair.length !== 2)
    throw new ShapeError(call, argument, `is ${describe(pair)}`, 'A number or [y, x] is needed.');
  return [expectWhole(call, argument, pair[0], least), expectWhole(call, argument, pair[1], least)];
}

/** One number for all axes of a volume, or [z, y, x]. */
export type Triple = number | readonly [z: number, y: number, x: number];

/** The three numbers, each whole and at least `least`. */
export function expectTriple(
  call: string,
  argument: string,
  triple: Triple,
  least: number,
): [z: number, y: number, x: number] {
  const three = typeof triple === 'number' ? [triple, triple, triple] : triple;
  if (!Array.isArray(three) || three.length !== 3)
    throw new ShapeError(call, argument, `is ${describe(triple)}`, 'A number or [z, y, x] is needed.');
  for (const one of three) expectWhole(call, argument, one, least);
  return three as [number, number, number];
}
