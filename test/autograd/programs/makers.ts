/** @file Steps of random programs that keep elements apart: element-wise, views, copies and reductions. */
import * as ops from '../../../src/autograd/ops.ts';
import { broadcastShapes, elementCount, type Shape, sameShape } from '../../../src/tensor/shape.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { type Host, host } from '../../check.ts';
import { at, build, groups, inside, map, mean, reduce, sum, zip } from './host.ts';
import type { Draw, Maker, Program } from './program.ts';

const distance = (x: Host, ...jumps: number[]): number =>
  Math.min(...x.data.map((v) => Math.min(...jumps.map((jump) => Math.abs(v - jump)))));

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
function partner(draw: Draw, program: Program, a: number): number {
  if (draw.chance(0.2)) return a;
  return program.find((shape) => broadcasts(program.shape(a), shape))!;
}

export const binary: Maker = (draw, program) => {
  const [name, [device, f]] = draw.choose(Object.entries(binaries));
  const a = program.find(any)!;
  return { label: name, inputs: [a, partner(draw, program, a)], device, reference: (p, q) => zip(p, q, f) };
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

/** The elements in order under a shape of one to three axes. */
export const reshaped: Maker = (draw, program) => {
  const x = program.find(any)!;
  const size = elementCount(program.shape(x));
  const divisors = Array.from({ length: size }, (_, i) => i + 1).filter((n) => size % n === 0);
  const rows = draw.choose(divisors);
  const shape = draw.choose([[size], [rows, size / rows], [rows, 1, size / rows]]);
  const byMethod = draw.chance(0.5);
  return {
    label: byMethod ? '.reshape' : 'reshape',
    inputs: [x],
    device: (v) => (byMethod ? v.reshape(shape) : ops.reshape(v, shape)),
    reference: (v) => host(shape, v.data),
  };
};

/** Some channels: a view, a copy, or a view of a view. */
export const cut: Maker = (draw, program) => {
  const x = program.find((shape) => (shape.at(-1) ?? 0) > 1);
  if (x === undefined) return null;
  const shape = program.shape(x);
  const axis = draw.chance(0.7) ? shape.length - 1 : draw.integer(shape.length);
  const start = draw.integer(shape[axis]!);
  const end = start + 1 + draw.integer(shape[axis]! - start);
  const last = axis === shape.length - 1;
  const byMethod = last && draw.chance(0.5);
  return {
    label: byMethod ? '.channels' : `slice<${axis}>`,
    inputs: [x],
    device: (v) => (byMethod ? v.channels(start, end) : ops.slice(v, start, end, axis)),
    reference: (v) =>
      build(
        shape.map((size, i) => (i === axis ? end - start : size)),
        (index) =>
          at(
            v,
            index.map((i, a) => (a === axis ? i + start : i)),
          ),
      ),
  };
};

export const padded: Maker = (draw, program) => {
  const x = program.find((shape) => shape.length > 0 && elementCount(shape) < 100)!;
  const shape = program.shape(x);
  const axis = draw.integer(shape.length);
  const [before, after] = [draw.integer(3), draw.integer(3)];
  return {
    label: `pad<${axis}>`,
    inputs: [x],
    device: (v) => ops.pad(v, before, after, axis),
    reference: (v) =>
      build(
        shape.map((size, i) => (i === axis ? before + size + after : size)),
        (index) =>
          inside(
            v,
            index.map((i, a) => (a === axis ? i - before : i)),
          ),
      ),
  };
};

/** Two or three tensors side by side, the same one among them twice as often as not. */
export const concat: Maker = (draw, program) => {
  const x = program.find((shape) => shape.length > 0 && elementCount(shape) < 120)!;
  const shape = program.shape(x);
  const axis = draw.chance(0.7) ? shape.length - 1 : draw.integer(shape.length);
  const alike = (other: Shape) =>
    other.length === shape.length && other.every((size, i) => i === axis || size === shape[i]);
  const inputs = [
    x,
    draw.chance(0.5) ? x : program.find(alike)!,
    ...(draw.chance(0.3) ? [program.find(alike)!] : []),
  ];
  return {
    label: `concat<${axis}>`,
    inputs,
    device: (...xs) => (axis === shape.length - 1 ? ops.concat(xs) : ops.concat(xs, axis)),
    reference: (...xs) => {
      const sizes = xs.map((v) => v.shape[axis]!);
      return build(
        shape.map((size, i) => (i === axis ? sum(sizes) : size)),
        (index) => {
          let [which, i] = [0, index[axis]!];
          while (i >= sizes[which]!) i -= sizes[which++]!;
          return at(
            xs[which]!,
            index.map((j, a) => (a === axis ? i : j)),
          );
        },
      );
    },
  };
};

const gap = (values: readonly number[]): number => {
  const [first = 0, second = Number.NEGATIVE_INFINITY] = [...values].sort((a, b) => b - a);
  return first - second;
};

export const reduced: Maker = (draw, program) => {
  const x = program.find((shape) => shape.length > 0)!;
  const shape = program.shape(x);
  const axes = shape.map((_, axis) => axis).filter(() => draw.chance(0.5));
  const [fn, device, f] = draw.choose([
    ['sum', ops.sum, sum],
    ['mean', ops.mean, mean],
    ['max', ops.max, (v: number[]) => Math.max(...v)],
  ] as const);
  const keepDims = draw.chance(0.5);
  const kept = keepDims ? undefined : shape.filter((_, axis) => !axes.includes(axis));
  return {
    label: `${fn}<${axes}>`,
    inputs: [x],
    device: (v) => device(v, { axes, keepDims }),
    reference: (v) => {
      const y = reduce(v, axes, f);
      return kept ? host(kept, y.data) : y;
    },
    margin: (v) => (fn === 'max' ? Math.min(...[...groups(v, axes).values()].map(gap)) : 1),
  };
};

export const expanded: Maker = (draw, program) => {
  const x = program.find((shape) => shape.length < 4 && elementCount(shape) < 60)!;
  const shape = [1 + draw.integer(3), ...program.shape(x)];
  return {
    label: 'expand',
    inputs: [x],
    device: (v) => ops.expand(v, shape),
    reference: (v) => build(shape, (index) => at(v, index)),
  };
};

export const detached: Maker = (_, program) => ({
  label: 'detach',
  inputs: [program.find(any)!],
  device: (v) => v.view(),
  reference: (v) => v,
  detached: true,
});

/** A block computed again in backward, that reads a tensor from outside. */
export const recomputed: Maker = (draw, program) => {
  const x = program.find(any)!;
  const beside = partner(draw, program, x);
  return {
    label: 'recompute',
    inputs: [x, beside],
    device: (p, q) => ops.recompute((v) => ops.tanh(ops.multiply(ops.affine(v, 0.5, 1), q)), p),
    reference: (p, q) => zip(p, q, (v, w) => Math.tanh((0.5 * v + 1) * w)),
  };
};
