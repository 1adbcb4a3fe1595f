/** @file Steps of random programs that work element by element. */
import * as ops from '../../../src/autograd/ops.ts';
import { broadcastShapes, elementCount, type Shape, sameShape } from '../../../src/tensor/shape.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import type { Host } from '../../check.ts';
import { map, zip } from './host.ts';
import type { Draw, Maker, Program } from './program.ts';

const distance = (x: Host, ...jumps: number[]): number =>
  Math.min(...x.data.map((v) => Math.min(...jumps.map((jump) => Math.abs(v - jump)))));

const tanhGelu = (x: number): number =>
  0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const clamped = (x: number): number => Math.min(Math.max(x, -0.5), 0.75);

interface Unary {
  readonly device: (x: Tensor) => Tensor;
  readonly f: (x: number) => number;
  /** Where the gradient jumps. */
  readonly jumps?: readonly number[];
}

const unaries: Readonly<Record<string, Unary>> = {
  relu: { device: ops.relu, f: (x) => Math.max(x, 0), jumps: [0] },
  sigmoid: { device: ops.sigmoid, f: (x) => 1 / (1 + Math.exp(-x)) },
  tanh: { device: ops.tanh, f: Math.tanh },
  square: { device: ops.square, f: (x) => x * x },
  abs: { device: ops.abs, f: Math.abs, jumps: [0] },
  exp: { device: (x) => ops.exp(ops.affine(x, 0.25)), f: (x) => Math.exp(0.25 * x) },
  log: { device: (x) => ops.log(ops.affine(ops.square(x), 1, 1)), f: (x) => Math.log(1 + x * x) },
  sqrt: { device: (x) => ops.sqrt(ops.affine(ops.square(x), 1, 1)), f: (x) => Math.sqrt(1 + x * x) },
  affine: { device: (x) => ops.affine(x, -0.5, 0.25), f: (x) => 0.25 - 0.5 * x },
  leakyRelu: { device: (x) => ops.leakyRelu(x, 0.1), f: (x) => (x > 0 ? x : 0.1 * x), jumps: [0] },
  silu: { device: ops.silu, f: (x) => x / (1 + Math.exp(-x)) },
  gelu: { device: (x) => ops.gelu(x, { approximate: 'tanh' }), f: tanhGelu },
  softplus: { device: ops.softplus, f: (x) => Math.log1p(Math.exp(x)) },
  sin: { device: ops.sin, f: Math.sin },
  clamp: { device: (x) => ops.clamp(x, { min: -0.5, max: 0.75 }), f: clamped, jumps: [-0.5, 0.75] },
  rsqrt: { device: (x) => ops.rsqrt(ops.add(ops.square(x), 1)), f: (x) => 1 / Math.sqrt(1 + x * x) },
  power: { device: (x) => ops.pow(x, 3), f: (x) => x ** 3 },
  round: { device: ops.round, f: (x) => Math.round(x), jumps: [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5] },
  'scalar − x': { device: (x) => ops.subtract(2, x), f: (x) => 2 - x },
  'x / scalar': { device: (x) => ops.divide(x, -4), f: (x) => x / -4 },
};

const any: (shape: Shape) => boolean = () => true;

export const unary: Maker = (draw, program) => {
  const [name, { device, f, jumps }] = draw.choose(Object.entries(unaries));
  const x = program.find(any)!;
  const step = { label: name, inputs: [x], device, reference: (v: Host) => map(v, f) };
  return jumps ? { ...step, margin: (v: Host) => distance(v, ...jumps) } : step;
};

const binaries: Readonly<
  Record<string, [(a: Tensor, b: Tensor) => Tensor, (a: number, b: number) => number]>
> = {
  add: [ops.add, (a, b) => a + b],
  subtract: [ops.subtract, (a, b) => a - b],
  multiply: [ops.multiply, (a, b) => a * b],
  maximum: [ops.maximum, Math.max],
  minimum: [ops.minimum, Math.min],
  divide: [(a, b) => ops.divide(a, ops.affine(ops.square(b), 1, 1)), (a, b) => a / (1 + b * b)],
};

function broadcasts(a: Shape, b: Shape): boolean {
  try {
    return elementCount(broadcastShapes('pair', a, b)) <= 400;
  } catch {
    return false;
  }
}

/** The other operand: often the same tensor, else any that broadcasts with it. */
export function partner(draw: Draw, program: Program, a: number): number {
  if (draw.chance(0.2)) return a;
  return program.find((shape) => broadcasts(program.shape(a), shape))!;
}

export const binary: Maker = (draw, program) => {
  const [name, [device, f]] = draw.choose(Object.entries(binaries));
  const a = program.find(any)!;
  const b = partner(draw, program, a);
  const step = { label: name, inputs: [a, b], device, reference: (p: Host, q: Host) => zip(p, q, f) };
  if (!name.endsWith('imum')) return step;
  // Of equal operands each gets half.
  return a === b
    ? null
    : {
        ...step,
        margin: (p, q) =>
          distance(
            zip(p, q, (v, w) => v - w),
            0,
          ),
      };
};

export const chosen: Maker = (_, program) => {
  const a = program.find(any)!;
  const b = program.find((shape) => sameShape(shape, program.shape(a)))!;
  return {
    label: 'where',
    inputs: [a, b],
    device: (p, q) => ops.where(ops.greater(p, ops.tanh(q)), ops.square(p), q),
    reference: (p, q) => zip(p, q, (v, w) => (v > Math.tanh(w) ? v * v : w)),
    margin: (p, q) =>
      distance(
        zip(p, q, (v, w) => v - Math.tanh(w)),
        0,
      ),
  };
};
