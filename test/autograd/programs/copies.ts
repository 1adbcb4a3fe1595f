/** @file Steps of random programs that move elements about: views, copies, reductions, blocks computed again. */
import * as ops from '../../../src/autograd/ops.ts';
import { elementCount, type Shape } from '../../../src/tensor/shape.ts';
import { host } from '../../check.ts';
import { partner } from './arithmetic.ts';
import { at, build, groups, inside, mean, reduce, sum, zip } from './host.ts';
import type { Maker } from './program.ts';

const any: (shape: Shape) => boolean = () => true;

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
    // A run of channels keeps them by the method.
    device: (v) => (byMethod && !v.run ? v.reshape(shape) : ops.reshape(v, shape)),
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
  device: (v) => ops.detach(v),
  reference: (v) => v,
  detached: true,
});

export const permuted: Maker = (draw, program) => {
  const x = program.find((shape) => shape.length > 1)!;
  const shape = program.shape(x);
  const order = shape.map((_, axis) => [draw.uniform(), axis] as const).sort(([p], [q]) => p - q);
  const axes = order.map(([, axis]) => axis);
  return {
    label: `permute<${axes}>`,
    inputs: [x],
    device: (v) => ops.permute(v, axes),
    reference: (v) =>
      build(
        axes.map((axis) => shape[axis]!),
        (index) =>
          at(
            v,
            shape.map((_, axis) => index[axes.indexOf(axis)]!),
          ),
      ),
  };
};

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
