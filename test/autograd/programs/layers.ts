/** @file Steps of random programs that mix elements: products, convolutions, pools, resizing, softmax, losses. */
import * as ops from '../../../src/autograd/ops.ts';
import type { Shape } from '../../../src/tensor/shape.ts';
import { type Host, host } from '../../check.ts';
import { conv2d, conv2dTranspose } from '../../reference.ts';
import { at, build, mean, reduce, sum, zip } from './host.ts';
import type { Maker, Program } from './program.ts';

/** A leaf of this shape that is there already, or a fresh one. */
export function leafOf(program: Program, shape: Shape): number {
  const there = program.nodes.flatMap((node, i) =>
    'leaf' in node && String(program.shape(i)) === String(shape) ? [i] : [],
  );
  return there.at(-1) ?? program.leaf(shape);
}

const isImage = (shape: Shape): boolean => shape.length === 4;

export const matmul: Maker = (draw, program) => {
  const x = program.find((shape) => shape.length === 2);
  if (x === undefined) return null;
  const [rows, inner] = program.shape(x) as [number, number];
  const columns = 1 + draw.integer(4);
  const weight = leafOf(program, [inner, columns]);
  const bias = draw.chance(0.5) ? [leafOf(program, [columns])] : [];
  return {
    label: bias.length ? 'linear' : 'matmul',
    inputs: [x, weight, ...bias],
    device: (v, w, b) => (b ? ops.linear(v, w, b) : ops.matmul(v, w)),
    reference: (v, w, b) =>
      build(
        [rows, columns],
        ([i, j]) =>
          sum(Array.from({ length: inner }, (_, k) => at(v, [i!, k]) * at(w, [k, j!]))) + (b?.data[j!] ?? 0),
      ),
  };
};

/** Products of matrices side by side, the second operand one for all of them or not. */
export const batchedMatmul: Maker = (draw, program) => {
  const x = program.find((shape) => shape.length === 3);
  if (x === undefined) return null;
  const [batch, rows, inner] = program.shape(x) as [number, number, number];
  const columns = 1 + draw.integer(4);
  const weight = leafOf(program, [draw.choose([1, batch]), inner, columns]);
  return {
    label: 'matmul',
    inputs: [x, weight],
    device: (v, w) => ops.matmul(v, w),
    reference: (v, w) =>
      build([batch, rows, columns], ([b, i, j]) =>
        sum(Array.from({ length: inner }, (_, k) => at(v, [b!, i!, k]) * at(w, [b!, k, j!]))),
      ),
  };
};

export const convolution: Maker = (draw, program) => {
  const x = program.find((shape) => isImage(shape) && shape[1]! > 1 && shape[2]! > 1);
  if (x === undefined) return null;
  const channels = program.shape(x)[3]!;
  const side = draw.choose([1, 2, 3]);
  const out = 1 + draw.integer(4);
  const bias = draw.chance(0.5) ? [leafOf(program, [out])] : [];
  if (draw.chance(0.3)) {
    const attrs = { stride: draw.choose([1, 2]) };
    return {
      label: 'conv2dTranspose',
      inputs: [x, leafOf(program, [side, side, out, channels]), ...bias],
      device: (v, w, b) => ops.conv2dTranspose(v, w, b ?? null, attrs),
      reference: (v, w, b) => conv2dTranspose(v, w, b, attrs),
    };
  }
  const attrs = { stride: draw.choose([1, 2]), padding: side >> 1, dilation: 1 };
  return {
    label: 'conv2d',
    inputs: [x, leafOf(program, [side, side, channels, out]), ...bias],
    device: (v, w, b) => ops.conv2d(v, w, b ?? null, attrs),
    reference: (v, w, b) => conv2d(v, w, b, attrs),
  };
};

/** The windows of 2×2 pixels side by side. */
function windows(x: Host): Map<string, number[]> {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const found = new Map<string, number[]>();
  build([n, h - (h % 2), w - (w % 2), c], (index) => {
    const key = [index[0], index[1]! >> 1, index[2]! >> 1, index[3]].join();
    const group = found.get(key) ?? [];
    found.set(key, group);
    group.push(at(x, index));
    return 0;
  });
  return found;
}

export const pool: Maker = (draw, program) => {
  const x = program.find((shape) => isImage(shape) && shape[1]! > 1 && shape[2]! > 1);
  if (x === undefined) return null;
  const [n, h, w, c] = program.shape(x) as [number, number, number, number];
  const [fn, device, f] = draw.choose([
    ['maxPool2d', ops.maxPool2d, (v: number[]) => Math.max(...v)],
    ['avgPool2d', ops.avgPool2d, mean],
  ] as const);
  const gaps = (v: Host) =>
    [...windows(v).values()].map((values) => {
      const sorted = values.sort((a, b) => b - a);
      return sorted[0]! - sorted[1]!;
    });
  return {
    label: fn,
    inputs: [x],
    device: (v) => device(v, { kernel: 2 }),
    reference: (v) => {
      const found = windows(v);
      return build([n, h >> 1, w >> 1, c], (index) => f(found.get(index.join())!));
    },
    margin: (v) => (fn === 'maxPool2d' ? Math.min(...gaps(v)) : 1),
  };
};

export const upsample: Maker = (_, program) => {
  const x = program.find((shape) => isImage(shape) && shape[1]! * shape[2]! < 13);
  if (x === undefined) return null;
  const [n, h, w, c] = program.shape(x) as [number, number, number, number];
  /** Input pixels around an output pixel of an axis, and the weight of the second. */
  const around = (i: number, size: number) => {
    const point = Math.max((i + 0.5) / 2 - 0.5, 0);
    const first = Math.min(Math.floor(point), size - 1);
    return [first, Math.min(first + 1, size - 1), point - first] as const;
  };
  return {
    label: 'upsampleBilinear2d',
    inputs: [x],
    device: (v) => ops.upsampleBilinear2d(v),
    reference: (v) =>
      build([n, 2 * h, 2 * w, c], ([b, i, j, k]) => {
        const [top, bottom, down] = around(i!, h);
        const [left, right, across] = around(j!, w);
        const row = (y: number) =>
          at(v, [b!, y, left, k!]) * (1 - across) + at(v, [b!, y, right, k!]) * across;
        return row(top) * (1 - down) + row(bottom) * down;
      }),
  };
};

export const softmax: Maker = (draw, program) => {
  const x = program.find((shape) => shape.length > 0)!;
  const last = program.shape(x).length - 1;
  const log = draw.chance(0.5);
  return {
    label: log ? 'logSoftmax' : 'softmax',
    inputs: [x],
    device: (v) => (log ? ops.logSoftmax(v) : ops.softmax(v)),
    reference: (v) => {
      const total = reduce(v, [last], (values) => Math.log(sum(values.map(Math.exp))));
      return zip(v, total, (p, t) => (log ? p - t : Math.exp(p - t)));
    },
  };
};

/** Losses, whose target is tracked too. */
export const loss: Maker = (draw, program) => {
  const x = program.find((shape) => shape.length > 0)!;
  const goal = program.find((shape) => String(shape) === String(program.shape(x)))!;
  const smooth = draw.chance(0.5);
  const f = (d: number) => (smooth ? (Math.abs(d) < 1 ? 0.5 * d * d : Math.abs(d) - 0.5) : d * d);
  return {
    label: smooth ? 'smoothL1' : 'mse',
    inputs: [x, goal],
    device: (p, t) => (smooth ? ops.smoothL1(p, t) : ops.mse(p, t)),
    reference: (p, t) => host([], [mean([...zip(p, t, (a, b) => f(a - b)).data])]),
  };
};
