/** @file Element-wise arithmetic of two tensors, or of a tensor and a number, with broadcasting; addition and averages in place. */
import type { DType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { chosen, type ShareFunction } from './choose.ts';
import { elementAliases, expectFloat } from './elements.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { call, expectShape, expectType, type Op, type Value } from './op.ts';
import { inferPointwise, launchPointwise, type PointwiseAttrs } from './pointwise.ts';
import { sumTo } from './reduce.ts';
import { denseOf } from './runs.ts';
import * as shaders from './shaders.gen.ts';
import { unary } from './unary.ts';

export type BinaryFunction =
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'divide'
  | 'minimum'
  | 'maximum'
  | 'pow'
  | 'remainder'
  | 'prelu';
export type BinaryAttrs = PointwiseAttrs<BinaryFunction>;

const numbers: readonly DType[] = ['f32', 'f16', 'i32', 'u32'];
const typesOf = (fn: BinaryFunction): readonly DType[] =>
  fn === 'pow' || fn === 'prelu' ? ['f32', 'f16'] : fn === 'remainder' ? ['i32', 'u32'] : numbers;

/**
 * f(a, b), of the shape both broadcast to, where one may be a number (then null). f32, f16 where the device computes with
 * it, i32 or u32, both of one dtype. Whole numbers wrap, divide truncates towards 0 (x/0 is x), remainder has the
 * divisor's sign (0 for x/0). prelu is a where it is positive, else b·a.
 */
export const binary: Op<BinaryAttrs> = {
  name: 'binary',
  scalars: true,
  inputs: ['a', 'b'],
  infer: (inputs, attrs) => [inferPointwise('binary', inputs, attrs, typesOf(attrs.fn))],
  launch: (_device, inputs, [y], attrs) => launchPointwise(inputs, y!, attrs),
  grad({ inputs: [a, b], dy: [dy], attrs: { fn, scalar } }) {
    if (fn === 'remainder') return [null, null];
    const [da, db] = gradients[fn](dy!, a ?? scalar!, b ?? scalar!);
    return [a ? sumTo(da, dy!.spec, a.shape) : null, b ? sumTo(db, dy!.spec, b.shape) : null];
  },
};

/** A value, or a number in its place. */
type Term = Value | number;

/** Both operands with numbers left out, and the number. */
function split(terms: readonly Term[]) {
  const values = terms.map((term) => (typeof term === 'number' ? null : term));
  return { values, scalar: terms.find((term) => typeof term === 'number') };
}

/** f(p, q) where a number may stand for one of them. */
function of(fn: BinaryFunction, p: Term, q: Term): Value {
  const { values, scalar } = split([p, q]);
  return call(binary, values, scalar === undefined ? { fn } : { fn, scalar });
}

const multiply = (p: Term, q: Term) => of('multiply', p, q);
const divide = (p: Term, q: Term) => of('divide', p, q);
const negative = (x: Value) => call(unary, [x], { fn: 'affine', alpha: -1 });

/** The share in dy of p of (p, q): see choose.ts. */
function share(fn: ShareFunction, p: Term, q: Term, dy: Value): Value {
  const numbers = [p, q, null].map((term) => (typeof term === 'number' ? term : undefined));
  return call(chosen, [...split([p, q]).values, dy], { fn, numbers });
}

type Gradient = (dy: Value, a: Tensor | number, b: Tensor | number) => [Value, Value];

const gradients: Record<Exclude<BinaryFunction, 'remainder'>, Gradient> = {
  add: (dy) => [dy, dy],
  subtract: (dy) => [dy, negative(dy)],
  multiply: (dy, a, b) => [multiply(dy, b), multiply(dy, a)],
  divide: (dy, a, b) => [divide(dy, b), negative(divide(multiply(dy, divide(a, b)), b))],
  minimum: (dy, a, b) => [share('minimum', a, b, dy), share('minimum', b, a, dy)],
  maximum: (dy, a, b) => [share('maximum', a, b, dy), share('maximum', b, a, dy)],
  pow: (dy, a, b) => [share('powBase', a, b, dy), share('powExponent', a, b, dy)],
  prelu: (dy, a, b) => [share('preluInput', a, b, dy), share('preluSlope', a, b, dy)],
};

/**
 * target += x, in place. Not differentiable: for gradients and running sums.
 * @param before receives what target was
 */
export function accumulateInto(target: Tensor, x: Tensor, before?: Tensor): void {
  expectShape('accumulate', 'x', x, target.shape);
  expectType('accumulate', 'x', x, expectFloat('accumulate', 'target', target).dtype);
  const { device } = target;
  const { workgroup } = device.caps;
  const quads = Math.ceil(target.size / 4);
  const specialization = { overrides: { WORKGROUP: workgroup }, aliases: elementAliases(target) };
  using whole = x.run ? denseOf(x) : x.view();
  const tensors = { x: whole, y: target };
  const grid = linearGrid(quads, workgroup);
  if (!before) {
    launch(device, shaders.accumulate, 'main', tensors, { quads }, grid, specialization);
    return;
  }
  const given = { ...tensors, before };
  launch(device, shaders.accumulate, 'remembering', given, { quads }, grid, specialization);
}

/** The first `count` elements of target = shares[0]·target + shares[1]·x, in place; f32, of one size. Not differentiable. */
export function moveToward(target: Tensor, x: Tensor, shares: Tensor, count: number): void {
  if (count === 0) return;
  const { device } = target;
  const { workgroup } = device.caps;
  const quads = Math.ceil(count / 4);
  const specialization = { overrides: { WORKGROUP: workgroup } };
  const tensors = { x, y: target, shares };
  launch(
    device,
    shaders.accumulate,
    'toward',
    tensors,
    { quads },
    linearGrid(quads, workgroup),
    specialization,
  );
}
