/** @file Windows, sums over axes, and resizing. */
import type * as kernels from '../../kernels/index.ts';
import type { Pair } from '../../kernels/options.ts';
import { attr, axisIn, type Emit, type Graph } from './graph.ts';
import type { TracedOp, Value } from './trace.ts';

const both = (pair: Pair): readonly number[] => (typeof pair === 'number' ? [pair, pair] : pair);

interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

function emitPool(
  graph: Graph,
  op: TracedOp,
  opType: string,
  more: readonly ReturnType<typeof attr.int>[] = [],
): void {
  const { kernel, stride, padding } = op.attrs as Window;
  const [x] = op.inputs as readonly [Value];
  const attributes = [
    attr.ints('kernel_shape', both(kernel)),
    attr.ints('pads', [...both(padding), ...both(padding)]),
    attr.ints('strides', both(stride)),
  ];
  graph.put(op.outputs[0]!, 'second', graph.node(opType, [graph.second(x)], [...attributes, ...more]));
}

const reductions = { sum: 'ReduceSum', mean: 'ReduceMean', max: 'ReduceMax', min: 'ReduceMin' } as const;

/** Where only batch and channels are left, or all axes stay, their order is that of channels last in either form. */
function reduceForm(graph: Graph, x: Value, axes: readonly number[], keep: boolean): 'last' | 'second' {
  const inner = x.shape.map((_, axis) => axis).slice(1, -1);
  return keep || inner.every((axis) => axes.includes(axis)) ? graph.formOf(x) : 'last';
}

function emitReduce(graph: Graph, op: TracedOp): void {
  const { fn, axes: given, keepDims = false, divisor } = op.attrs as kernels.ReduceAttrs;
  const [x] = op.inputs as readonly [Value];
  const rank = x.shape.length;
  const axes = (given ?? x.shape.map((_, axis) => axis)).map((axis) => (axis < 0 ? axis + rank : axis));
  const form = reduceForm(graph, x, axes, keepDims);
  const opType = divisor === undefined ? reductions[fn] : 'ReduceSum';
  const places = graph.integers(axes.map((axis) => axisIn(form, axis, rank)));
  const keep = [attr.int('keepdims', Number(keepDims))];
  const name = graph.node(opType, [graph.in(form, x), places], keep);
  const whole = divisor === undefined ? name : graph.node('Div', [name, graph.scalar(divisor)]);
  graph.put(op.outputs[0]!, keepDims ? form : 'last', whole);
}

/** Resizes height and width to those of the output. */
function emitResize(graph: Graph, op: TracedOp, attributes: readonly ReturnType<typeof attr.text>[]): void {
  const [x] = op.inputs as readonly [Value];
  const y = op.outputs[0]!;
  const inputs = [graph.second(x), '', '', graph.integers(y.shape.slice(1, 3))];
  graph.put(y, 'second', graph.node('Resize', inputs, [attr.ints('axes', [2, 3]), ...attributes]));
}

const MODE = 'coordinate_transformation_mode';

export const poolEmitters: Readonly<Record<string, Emit>> = {
  maxPool2d: (graph, op) => emitPool(graph, op, 'MaxPool'),
  avgPool2d(graph, op) {
    const { countIncludePad } = op.attrs as kernels.AvgPoolAttrs;
    emitPool(graph, op, 'AveragePool', [attr.int('count_include_pad', Number(countIncludePad))]);
  },
  reduce: emitReduce,
  upsampleBilinear2d(graph, op) {
    const { alignCorners } = op.attrs as kernels.UpsampleAttrs;
    const mode = attr.text(MODE, alignCorners ? 'align_corners' : 'half_pixel');
    emitResize(graph, op, [mode, attr.text('mode', 'linear')]);
  },
  upsampleNearest2d(graph, op) {
    const nearest = [attr.text('mode', 'nearest'), attr.text('nearest_mode', 'floor')];
    emitResize(graph, op, [attr.text(MODE, 'asymmetric'), ...nearest]);
  },
};
