/** @file Concat, slice and pad along one axis: copies of runs of rows, of any dtype. */
import { ShapeError } from '../tensor/errors.ts';
import { elementCount, formatShape, normalizeAxes, type Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { call, expectShape, expectType, type Inputs, type Op } from './op.ts';
import { copyRows, denseOf } from './runs.ts';

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

const axisOf = (op: string, shape: Shape, axis: number) => normalizeAxes(op, [axis], shape.length)[0]!;
const rowsOf = (shape: Shape, axis: number) => elementCount(shape.slice(0, axis));
const innerOf = (shape: Shape, axis: number) => elementCount(shape.slice(axis + 1));

/** `shape` with another size along `axis`. */
function resized(shape: Shape, axis: number, size: number): number[] {
  return shape.map((old, i) => (i === axis ? size : old));
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
  readsRuns: true,
  view: (inputs, { axis }) => sideBySide(inputs, axis),
  infer: (inputs, { axis }) => [{ shape: joined(inputs, axis), dtype: inputs[0]!.dtype }],
  launch(device, inputs, [y], attrs) {
    const axis = axisOf('concat', y!.shape, attrs.axis);
    const inner = innerOf(y!.shape, axis);
    const begin = starts(inputs, axis);
    for (const [i, input] of inputs.entries()) {
      const x = denseOf(input!);
      const run = x.shape[axis]! * inner;
      const place = { yRow: y!.shape[axis]! * inner, yStart: begin[i]! * inner };
      const rows = { rows: rowsOf(y!.shape, axis), run, xRow: run, xStart: 0, ...place };
      copyRows(device, 'runs', x, y!, rows, 'concat');
      if (x !== input) x.dispose();
    }
  },
  grad({ inputs, outputs: [y], dy: [dy], attrs }) {
    const axis = axisOf('concat', y!.shape, attrs.axis);
    const begin = starts(inputs, axis);
    const part = axis === y!.shape.length - 1 ? channels : slice;
    return inputs.map((x, i) =>
      call(part, [dy!], { axis, start: begin[i]!, end: begin[i]! + x!.shape[axis]! }),
    );
  },
};

/** Whole pixels, where the inputs are already all their channels in order; nothing is to be copied then. */
function sideBySide(inputs: Inputs, axis: number): Tensor | undefined {
  const { run, storage, shape, device, dtype, label, offset } = inputs[0]!;
  if (run?.start !== 0 || axisOf('concat', shape, axis) !== shape.length - 1) return undefined;
  let next = 0;
  for (const input of inputs) {
    if (input?.storage !== storage || input.run?.start !== next) return undefined;
    next += input.shape.at(-1)!;
  }
  if (next !== run.pitch) return undefined;
  return new Tensor(device, storage.retain(), { shape: [...shape.slice(0, -1), next], dtype }, label, offset);
}

/** Channels start … end−1 as a view. */
export const channels: Op<SliceAttrs> = {
  name: 'channels',
  readsRuns: true,
  infer: (inputs, attrs) => slice.infer(inputs, attrs),
  launch() {},
  view: ([x], { start, end }) => x!.viewChannels(start, end),
  grad({ inputs: [x], dy, attrs: { axis, start, end } }) {
    return [call(pad, [dy[0]!], { axis, before: start, after: x!.shape.at(-1)! - end })];
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
    copyRows(device, 'runs', x!, y!, { rows: rowsOf(x!.shape, axis), run, ...place }, 'slice');
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
    copyRows(device, 'padded', x!, y!, { rows: rowsOf(x!.shape, axis), run, ...place }, 'pad');
  },
  grad: ({ inputs: [x], dy, attrs: { axis, before } }) => {
    const size = x!.shape[axisOf('pad', x!.shape, axis)]!;
    return [call(slice, [dy[0]!], { axis, start: before, end: before + size })];
  },
};
