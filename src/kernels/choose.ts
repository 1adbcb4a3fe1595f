/** @file Choice between two operands by a condition, and gradients that depend on which operand was chosen. */

import { ShapeError } from '../base/errors.ts';
import type { DType } from '../tensor/dtype.ts';
import { broadcastShapes, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import * as elements from './elements.ts';
import { launch, linearGrid } from './launch/queue.ts';
import { call, expectType, type Inputs, type Op, type Value } from './op.ts';
import { sumTo } from './reduce.ts';
import * as shaders from './shaders.gen.ts';
import { broadcastStrides, walkOf } from './strides.ts';

/** In the order of shaders/choose.wgsl. */
const functions = [
  'where',
  'minimum',
  'maximum',
  'powBase',
  'powExponent',
  'preluInput',
  'preluSlope',
] as const;
type ChooseFunction = (typeof functions)[number];
/** Those of gradients. */
export type ShareFunction = Exclude<ChooseFunction, 'where'>;

/** Per operand, the number that stands for it where it is null. */
type Numbers = readonly (number | undefined)[];

/** The shape that all operands broadcast to. @throws ShapeError where they do not, or have too many axes */
function shapeOf(op: string, inputs: Inputs): Shape {
  const tensors = inputs.filter((x) => x !== null);
  const shape = tensors.reduce<Shape>((all, { shape: own }) => broadcastShapes(op, all, own), []);
  walkOf(op, shape, stridesIn(shape, tensors));
  return shape;
}

function stridesIn(shape: Shape, inputs: Inputs): number[][] {
  return inputs.map((x) => broadcastStrides(x?.shape ?? [], shape));
}

function paramsOf(inputs: Inputs, y: Tensor, bits: readonly number[]) {
  const { sizes, strides } = walkOf('choose', y.shape, stridesIn(y.shape, inputs));
  const [[p0, p1], [q0, q1], [r0, r1]] = [strides[0]!, strides[1]!, strides[2]!];
  const [pNumber, qNumber, rNumber] = bits as [number, number, number];
  const walks = { sizes0: sizes[0], sizes1: sizes[1], p0, p1, q0, q1, r0, r1 };
  return { quads: Math.ceil(y.size / 4), size: y.size, pNumber, qNumber, rNumber, ...walks };
}

/** The types of the first operand, which is compared as `Q4`, and of the others. */
function aliasesOf(first: DType, dtype: DType): Record<string, string> {
  const { C4, ...rest } = elements.computeAliases(dtype);
  const Q4 = first === 'bool' ? 'vec4<u32>' : C4!;
  return { ...rest, C4: C4!, P: elements.scalarOf(first), P4: elements.vectorOf(first), Q4 };
}

/** y = f(p, q, r), where null stands for a number. */
function launchChoose(fn: ChooseFunction, inputs: Inputs, numbers: Numbers, first: DType, y: Tensor): void {
  if (y.size === 0) return;
  const { device, dtype } = y;
  const bits = inputs.map((_, i) => elements.bitsOf(numbers[i] ?? 0, i === 0 ? first : dtype));
  const params = paramsOf(inputs, y, bits);
  // Numbers read no tensor, but one has to be bound.
  const any = inputs.find((x) => x !== null)!;
  const [p, q, r] = inputs.map((x) => x ?? any) as [Tensor, Tensor, Tensor];
  const [P_NUMBER, Q_NUMBER, R_NUMBER] = inputs.map((x) => Number(x === null)) as [number, number, number];
  const { workgroup } = device.caps;
  const overrides = { WORKGROUP: workgroup, FUNCTION: functions.indexOf(fn), P_NUMBER, Q_NUMBER, R_NUMBER };
  const specialization = { overrides, aliases: aliasesOf(first, dtype) };
  const entry = inputs.every((x) => x === null || x.size === y.size) ? 'same' : 'general';
  const grid = linearGrid(params.quads, workgroup);
  launch(device, shaders.choose, entry, { p, q, r, y }, params, grid, specialization, fn);
}

export interface WhereAttrs {
  /** Stand for operands that are null; default 0. */
  readonly a?: number | undefined;
  readonly b?: number | undefined;
}

const anyType: readonly DType[] = ['f32', 'f16', 'i32', 'u32', 'bool'];

/**
 * a where the condition (bool) holds, else b, of the shape that all three broadcast to. a and b are of one dtype; one may
 * be a number (then null).
 */
export const where: Op<WhereAttrs> = {
  name: 'where',
  inputs: ['condition', 'a', 'b'],
  infer(inputs, attrs) {
    const [condition, a, b] = inputs;
    if (!condition) throw new ShapeError('where', 'condition', 'is missing', 'Pass a tensor of bool.');
    expectType('where', 'condition', condition, 'bool');
    const whole = a ?? b;
    if (!whole) throw new ShapeError('where', 'a and b', 'are numbers', 'One of them must be a tensor.');
    const { dtype } = elements.expectTypeIn('where', a ? 'a' : 'b', whole, anyType);
    if (a && b) elements.expectSameType('where', 'b', b, dtype);
    else elements.expectScalar('where', a ? 'b' : 'a', (a ? attrs.b : attrs.a) ?? 0, dtype);
    return [{ shape: shapeOf('where', inputs), dtype }];
  },
  launch: (_device, inputs, [y], { a, b }) => launchChoose('where', inputs, [undefined, a, b], 'bool', y!),
  grad({ inputs: [condition, a, b], dy: [dy] }) {
    const share = (x: Tensor | null | undefined, chosen: readonly (Value | null)[]) =>
      x ? sumTo(call(where, [condition!, ...chosen], {}), dy!.spec, x.shape) : null;
    return [null, share(a, [dy!, null]), share(b, [null, dy!])];
  },
};

interface ChosenAttrs {
  readonly fn: ShareFunction;
  readonly numbers: Numbers;
}

/**
 * The share in a gradient dy of p in minimum or maximum of (p, q), or of p and of q in p to the power q and in prelu; p or
 * q may be a number.
 */
export const chosen: Op<ChosenAttrs> = {
  name: 'chosen',
  scalars: true,
  infer: ([, , dy]) => [{ shape: dy!.shape, dtype: dy!.dtype }],
  launch: (_device, inputs, [y], { fn, numbers }) => launchChoose(fn, inputs, numbers, y!.dtype, y!),
};
