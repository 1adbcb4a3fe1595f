/** @file Concat, slice and pad along one axis: copies of runs of rows, of any dtype. */
import { ShapeError } from '../base/errors.ts';
import { elementCount, formatShape, type Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { describe, expectWhole } from './checks.ts';
import { call, expectShape, expectType, type Inputs, type Op } from './op.ts';
import { expectAxis } from './options.ts';
import { copyRows, denseOf, expectMovable } from './runs.ts';

export interface ConcatAttrs {
  /** Negative counts from the last. */
  readonly axis: number;
}

export interface SliceAttrs extends ConcatAttrs {
  /** Negative counts from the end. */
  readonly start: number;
  /** Exclusive; negative counts from the end. */
  readonly end: number;
}

export interface PadAttrs extends ConcatAttrs {
  /** Zeros to add. */
  readonly before: number;
  readonly after: number;
}

const axisOf = (op: string, shape: Shape, axis: number) => expectAxis(op, 'axis', axis, shape);
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
    const argument = `tensors[${i}]`;
    expectType(
      'concat',
      argument,
      expectShape('concat', argument, input, resized(first.shape, at, own)),
      first.dtype,
    );
    size += own;
  }
  return resized(first.shape, at, expectWhole('concat', 'sum of sizes', size));
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
  infer(inputs, { axis }) {
    const shape = joined(inputs, axis);
    const inner = innerOf(shape, axisOf('concat', shape, axis));
    const lengths = inputs.map((input) => input!.shape.at(axis)! * inner);
    expectMovable('concat', inputs[0]!, lengths);
    return [{ shape, dtype: inputs[0]!.dtype }];
  },
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
    return inputs.map((x, i) => {
      const size = x!.shape[axis]!;
      const part = axis === y!.shape.length - 1 && size > 0 ? channels : slice;
      return call(part, [dy!], { axis, start: begin[i]!, end: begin[i]! + size });
    });
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

/** An index from the begin, of one that may count from the end. */
function indexOf(argument: string, index: number, axis: number, shape: Shape): number {
  const size = shape[axis]!;
  if (!Number.isInteger(index))
    throw new ShapeError('slice', argument, `is ${describe(index)}`, 'A whole number is needed.');
  if (index >= -size && index <= size) return index < 0 ? index + size : index;
  const problem = `is ${index}, outside axis ${axis} of ${formatShape(shape)}`;
  throw new ShapeError('slice', argument, problem, `${-size} … ${size} are needed.`);
}

/** A slice from the begin. */
function rangeOf(shape: Shape, { axis, start, end }: SliceAttrs): { at: number; start: number; end: number } {
  const at = axisOf('slice', shape, axis);
  const [first, last] = [indexOf('start', start, at, shape), indexOf('end', end, at, shape)];
  if (last >= first) return { at, start: first, end: last };
  const problem = `${start}…${end} ends before it starts, in axis ${axis} of ${formatShape(shape)}`;
  throw new ShapeError('slice', 'range', problem, 'start ≤ end is needed.');
}

/** Elements start … end−1 along an axis, none where they are equal. Any dtype. */
export const slice: Op<SliceAttrs> = {
  name: 'slice',
  inputs: ['x'],
  infer([x], attrs) {
    const { at, start, end } = rangeOf(x!.shape, attrs);
    const shape = resized(x!.shape, at, end - start);
    const inner = innerOf(shape, at);
    expectMovable(
      'slice',
      x!,
      [start, end, x!.shape[at]!].map((size) => size * inner),
    );
    return [{ shape, dtype: x!.dtype }];
  },
  launch(device, [x], [y], attrs) {
    const { at, start, end } = rangeOf(x!.shape, attrs);
    const inner = innerOf(x!.shape, at);
    const run = (end - start) * inner;
    const place = { xRow: x!.shape[at]! * inner, xStart: start * inner, yRow: run, yStart: 0 };
    copyRows(device, 'runs', x!, y!, { rows: rowsOf(x!.shape, at), run, ...place }, 'slice');
  },
  grad({ inputs: [x], dy, attrs }) {
    const { at, start, end } = rangeOf(x!.shape, attrs);
    return [call(pad, [dy[0]!], { axis: at, before: start, after: x!.shape[at]! - end })];
  },
};

/** Channels start … end−1 as a view. */
export const channels: Op<SliceAttrs> = {
  name: 'channels',
  readsRuns: true,
  infer: ([x], { axis, start, end }) => [{ shape: resized(x!.shape, axis, end - start), dtype: x!.dtype }],
  launch() {},
  view: ([x], { start, end }) => x!.viewChannels(start, end),
  grad: (context) => slice.grad!(context),
};

/** Zeros before and after along an axis. Any dtype. */
export const pad: Op<PadAttrs> = {
  name: 'pad',
  inputs: ['x'],
  infer([x], { axis, before, after }) {
    const at = axisOf('pad', x!.shape, axis);
    expectWhole('pad', 'before', before);
    expectWhole('pad', 'after', after);
    const size = x!.shape[at]!;
    const shape = resized(x!.shape, at, expectWhole('pad', 'size', before + size + after));
    const inner = innerOf(shape, at);
    expectMovable(
      'pad',
      x!,
      [before, size, after].map((length) => length * inner),
    );
    return [{ shape, dtype: x!.dtype }];
  },
  launch(device, [x], [y], { axis, before, after }) {
    const at = axisOf('pad', x!.shape, axis);
    const inner = innerOf(x!.shape, at);
    const run = x!.shape[at]! * inner;
    const place = { xRow: run, xStart: 0, yRow: run + (before + after) * inner, yStart: before * inner };
    copyRows(device, 'padded', x!, y!, { rows: rowsOf(x!.shape, at), run, ...place }, 'pad');
  },
  grad: ({ inputs: [x], dy, attrs: { axis, before } }) => {
    const at = axisOf('pad', x!.shape, axis);
    return [call(slice, [dy[0]!], { axis: at, start: before, end: before + x!.shape[at]! })];
  },
};
