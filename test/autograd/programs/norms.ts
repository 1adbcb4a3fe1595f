/** @file Steps of random programs that normalise. */
import * as ops from '../../../src/autograd/ops.ts';
import { zeros } from '../../../src/tensor/create.ts';
import { type Host, host } from '../../check.ts';
import { at, build, mean, normalized, reduce, sum, zip } from './host.ts';
import { leafOf } from './layers.ts';
import type { Maker } from './program.ts';

const scaled = (x: Host, w: Host, b: Host): Host =>
  zip(
    zip(x, w, (p, q) => p * q),
    b,
    (p, q) => p + q,
  );

export const batchNorm: Maker = (draw, program) => {
  const x = program.find((shape) => shape.length > 1 && shape.slice(0, -1).reduce((a, b) => a * b, 1) > 3);
  if (x === undefined) return null;
  const shape = program.shape(x);
  const channels = shape.at(-1)!;
  const relu = draw.chance(0.3);
  const affine = (v: Host, w: Host, b: Host) =>
    zip(
      zip(
        normalized(
          v,
          shape.slice(0, -1).map((_, i) => i),
          0.1,
        ),
        w,
        (p, q) => p * q,
      ),
      b,
      (p, q) => p + q,
    );
  return {
    label: `batchNorm${relu ? '+relu' : ''}`,
    inputs: [x, leafOf(program, [channels]), leafOf(program, [channels])],
    device: (v, w, b) => {
      using runningMean = zeros(v.device, [channels]);
      using runningVariance = zeros(v.device, [channels]);
      return ops.batchNorm(v, w, b, { runningMean, runningVariance, training: true, epsilon: 0.1, relu });
    },
    reference: (v, w, b) => {
      const y = affine(v, w, b);
      return relu
        ? host(
            y.shape,
            y.data.map((p) => Math.max(p, 0)),
          )
        : y;
    },
    margin: (v, w, b) => (relu ? Math.min(...affine(v, w, b).data.map(Math.abs)) : 1),
  };
};

export const layerNorm: Maker = (_, program) => {
  const x = program.find((shape) => shape.length > 0 && shape.at(-1)! > 2);
  if (x === undefined) return null;
  const shape = program.shape(x);
  const channels = shape.at(-1)!;
  return {
    label: 'layerNorm',
    inputs: [x, leafOf(program, [channels]), leafOf(program, [channels])],
    device: (v, w, b) => ops.layerNorm(v, w, b, { epsilon: 0.1 }),
    reference: (v, w, b) => scaled(normalized(v, [shape.length - 1], 0.1), w, b),
  };
};

/** x [N, …, C] with C in groups of neighbours. */
export const groupNorm: Maker = (draw, program) => {
  const x = program.find((shape) => shape.length > 2 && shape.slice(1).reduce((a, b) => a * b, 1) > 3);
  if (x === undefined) return null;
  const shape = program.shape(x);
  const channels = shape.at(-1)!;
  const groups = draw.choose([1, 2, 3, channels].filter((count) => channels % count === 0));
  const split = [...shape.slice(0, -1), groups, channels / groups];
  const axes = split.map((_, axis) => axis).filter((axis) => axis > 0 && axis !== split.length - 2);
  return {
    label: `groupNorm<${groups}>`,
    inputs: [x, leafOf(program, [channels]), leafOf(program, [channels])],
    device: (v, w, b) => ops.groupNorm(v, groups, w, b, { epsilon: 0.1 }),
    reference: (v, w, b) => scaled(host(shape, normalized(host(split, v.data), axes, 0.1).data), w, b),
  };
};

export const unitLength: Maker = (_, program) => {
  const x = program.find((shape) => shape.length > 0)!;
  const last = program.shape(x).length - 1;
  return {
    label: 'normalize',
    inputs: [x],
    device: (v) => ops.normalize(v, { epsilon: 1e-3 }),
    reference: (v) => {
      const norms = reduce(v, [last], (values) => Math.sqrt(sum(values.map((p) => p * p))));
      return zip(v, norms, (p, norm) => p / Math.max(norm, 1e-3));
    },
    margin: (v) =>
      Math.min(...reduce(v, [last], (values) => Math.sqrt(sum(values.map((p) => p * p)))).data) - 0.05,
  };
};

/** Standard deviations of the last axis, kept. */
export const spread: Maker = (_, program) => {
  const x = program.find((shape) => shape.length > 0 && shape.at(-1)! > 1);
  if (x === undefined) return null;
  const last = program.shape(x).length - 1;
  return {
    label: 'variance',
    inputs: [x],
    device: (v) => ops.variance(v, { axes: [-1], keepDims: true }),
    reference: (v) =>
      reduce(v, [last], (values) => {
        const center = mean(values);
        return sum(values.map((p) => (p - center) ** 2)) / (values.length - 1);
      }),
  };
};

export const nearest: Maker = (_, program) => {
  const x = program.find((shape) => shape.length === 4 && shape[1]! * shape[2]! < 13);
  if (x === undefined) return null;
  const [n, h, w, c] = program.shape(x) as [number, number, number, number];
  return {
    label: 'upsampleNearest2d',
    inputs: [x],
    device: (v) => ops.upsampleNearest2d(v, { scale: 2 }),
    reference: (v) => build([n, 2 * h, 2 * w, c], ([b, i, j, k]) => at(v, [b!, i! >> 1, j! >> 1, k!])),
  };
};
