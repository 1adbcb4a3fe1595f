/** @file Concat, slice and pad along one axis: copies of runs of rows, of any dtype. */
import type { Device } from '../tensor/device.ts';
import { ShapeError } from '../tensor/errors.ts';
import { elementCount, formatShape, normalizeAxes, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expectFloat } from './elements.ts';
import { call, expectShape, expectType, type Inputs, type Op } from './op.ts';
import { launch, linearGrid } from './queue.ts';
import * as shaders from './shaders.gen.ts';

export interface ConcatAttrs {
  /** Negative counts from the last. */
  readonly axis: number;
}

export interface SliceAttrs extends ConcatAttrs {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export interface PadAttrs extends ConcatAttrs {
  /** Zeros to add. */
  readonly before: number;
  readonly after: number;
}

/** A run within rows, in elements. */
interface Runs {
  readonly rows: number;
  readonly run: number;
  readonly xRow: number;
  readonly xStart: number;
  readonly yRow: number;
  readonly yStart: number;
}

const axisOf = (op: string, shape: Shape, axis: number) => normalizeAxes(op, [axis], shape.length)[0]!;
const rowsOf = (shape: Shape, axis: number) => elementCount(shape.slice(0, axis));
const innerOf = (shape: Shape, axis: number) => elementCount(shape.slice(axis + 1));

/** `shape` with another size along `axis`. */
function resized(shape: Shape, axis: number, size: number): number[] {
  return shape.map((old, i) => (i === axis ? size : old));
}

/** The widest type that a copy can move at once, and how many elements it holds. */
function unitOf(x: Tensor, sizes: readonly number[]): { T: string; elements: number } {
  const each = x.dtype === 'f16' ? 2 : 1;
  const divide = (elements: number) => sizes.every((size) => size % elements === 0);
  if (divide(4 * each)) return { T: 'vec4<u32>', elements: 4 * each };
  if (divide(each)) return { T: 'u32', elements: each };
  expectFloat('copy', 'x', x);
  return { T: 'f16', elements: 1 };
}

function copy(
  device: Device,
  entry: 'runs' | 'padded',
  x: Tensor,
  y: Tensor,
  runs: Runs,
  label: string,
): void {
  const { rows, ...lengths } = runs;
  const { T, elements } = unitOf(x, Object.values(lengths));
  const { run, xRow, xStart, yRow, yStart } = runs;
  const count = (rows * (entry === 'runs' ? run : yRow)) / elements;
  const invocations = Math.ceil(count / (device.caps.software ? 16 : 1));
  const [a, b, c, d, e] = [run, xRow, xStart, yRow, yStart].map((length) => length / elements);
  const params = { count, invocations, run: a!, xRow: b!, xStart: c!, yRow: d!, yStart: e! };
  const { workgroup } = device.caps;
  const specialization = { overrides: { WORKGROUP: workgroup }, aliases: { T } };
  launch(
    device,
    shaders.copy,
    entry,
    { x, y },
    params,
    linearGrid(invocations, workgroup),
    specialization,
    label,
  );
}

function joined(inputs: Inputs, axis: number): number[] {
  const first = inputs[0]!;
  const at = axisOf('concat', first.shape, axis);
  let size = 0;
  for (const [i, input] of inputs.entries()) {
    const own = input?.shape[at] ?? 0;
    expectType(
      'concat',
      `input ${i}`,
      expectShape('concat', `input ${i}`, input, resized(first.shape, at, own)),
      first.dtype,
    );
    size += own;
  }
  return resized(first.shape, at, size);
}

/** Where each input begins along the axis. */
function starts(inputs: Inputs, axis: number): number[] {
  let next = 0;
  return inputs.map((input) => {
    const start = next;
    next += input!.shape[axis]!;
    return start;
  });
}

/** Tensors side by side along an axis; other axes must be equal. Any dtype. */
export const concat: Op<ConcatAttrs> = {
  name: 'concat',
  infer: (inputs, { axis }) => [{ shape: joined(inputs, axis), dtype: inputs[0]!.dtype }],
  launch(device, inputs, [y], attrs) {
    const axis = axisOf('concat', y!.shape, attrs.axis);
    const inner = innerOf(y!.shape, axis);
    const begin = starts(inputs, axis);
    for (const [i, x] of inputs.entries()) {
      const run = x!.shape[axis]! * inner;
      const place = { yRow: y!.shape[axis]! * inner, yStart: begin[i]! * inner };
      copy(
        device,
        'runs',
        x!,
        y!,
        { rows: rowsOf(y!.shape, axis), run, xRow: run, xStart: 0, ...place },
        'concat',
      );
    }
  },
  grad({ inputs, outputs: [y], dy: [dy], attrs }) {
    const axis = axisOf('concat', y!.shape, attrs.axis);
    const begin = starts(inputs, axis);
    return inputs.map((x, i) =>
      call(slice, [dy!], { axis, start: begin[i]!, end: begin[i]! + x!.shape[axis]! }),
    );
  },
};

/** Elements start … end−1 along an axis. Any dtype. @throws ShapeError unless 0 ≤ start < end ≤ size */
export const slice: Op<SliceAttrs> = {
  name: 'slice',
  infer([x], { axis, start, end }) {
    const at = axisOf('slice', x!.shape, axis);
    if (start < 0 || end <= start || end > x!.shape[at]!) {
      const problem = `${start}…${end} does not lie in axis ${axis} of ${formatShape(x!.shape)}`;
      throw new ShapeError('slice', 'range', problem, '0 ≤ start < end ≤ size is needed.');
    }
    return [{ shape: resized(x!.shape, at, end - start), dtype: x!.dtype }];
  },
  launch(device, [x], [y], attrs) {
    const axis = axisOf('slice', x!.shape, attrs.axis);
    const inner = innerOf(x!.shape, axis);
    const run = y!.shape[axis]! * inner;
    const place = { xRow: x!.shape[axis]! * inner, xStart: attrs.start * inner, yRow: run, yStart: 0 };
    copy(device, 'runs', x!, y!, { rows: rowsOf(x!.shape, axis), run, ...place }, 'slice');
  },
  grad({ inputs: [x], dy, attrs: { axis, start, end } }) {
    const size = x!.shape[axisOf('slice', x!.shape, axis)]!;
    return [call(pad, [dy[0]!], { axis, before: start, after: size - end })];
  },
};

/** Zeros before and after along an axis. Any dtype. */
export const pad: Op<PadAttrs> = {
  name: 'pad',
  infer([x], { axis, before, after }) {
    const at = axisOf('pad', x!.shape, axis);
    if (before < 0 || after < 0)
      throw new ShapeError('pad', 'amount', `is negative (${before}, ${after})`, 'Use slice() to cut.');
    return [{ shape: resized(x!.shape, at, before + x!.shape[at]! + after), dtype: x!.dtype }];
  },
  launch(device, [x], [y], attrs) {
    const axis = axisOf('pad', x!.shape, attrs.axis);
    const inner = innerOf(x!.shape, axis);
    const run = x!.shape[axis]! * inner;
    const place = { xRow: run, xStart: 0, yRow: y!.shape[axis]! * inner, yStart: attrs.before * inner };
    copy(device, 'padded', x!, y!, { rows: rowsOf(x!.shape, axis), run, ...place }, 'pad');
  },
  grad: ({ inputs: [x], dy, attrs: { axis, before } }) => {
    const size = x!.shape[axisOf('pad', x!.shape, axis)]!;
    return [call(slice, [dy[0]!], { axis, start: before, end: before + size })];
  },
};
