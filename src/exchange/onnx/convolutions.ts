/** @file Convolutions and their adjoints as Conv and ConvTranspose; weights are PyTorch's. */
import { attr, type Emit, type Graph } from './graph.ts';
import type { TracedOp, Value } from './trace.ts';

/** Of two axes. */
interface Conv {
  readonly transposed: boolean;
  readonly stride: readonly number[];
  readonly padding: readonly (readonly [before: number, after: number])[];
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly relu: boolean;
}

/** What `conv2d` and `conv2dTranspose` say, by axis. */
function equalSides({ attrs }: TracedOp, transposed: boolean): Conv {
  const given = attrs as { stride?: number; padding?: number; dilation?: number; relu?: boolean };
  const { stride = 1, padding = 0, dilation = 1, relu = false } = given;
  const both = (value: number): [number, number] => [value, value];
  const sides = both(padding);
  return {
    transposed,
    relu,
    stride: both(stride),
    padding: [sides, sides],
    dilation: both(dilation),
    groups: 1,
  };
}

/** ReLU behind a value's node, where it was fused. */
export const activated = (graph: Graph, name: string, relu: boolean): string =>
  relu ? graph.node('Relu', [name]) : name;

/** Rows and columns that the result has beyond what stride, padding and kernel give. */
function outputPadding(x: Value, y: Value, weight: Value, { stride, padding, dilation }: Conv): number[] {
  return [0, 1].map((axis) => {
    const [before, after] = padding[axis]!;
    const reach = dilation[axis]! * (weight.shape[axis]! - 1) + 1;
    return y.shape[axis + 1]! - ((x.shape[axis + 1]! - 1) * stride[axis]! + reach - before - after);
  });
}

function emitConv(graph: Graph, op: TracedOp, conv: Conv): void {
  const [x, weight, bias] = op.inputs as readonly [Value, Value, Value | null];
  const y = op.outputs[0]!;
  const attributes = [
    attr.ints('dilations', conv.dilation),
    attr.int('group', conv.groups),
    attr.ints('kernel_shape', weight.shape.slice(0, 2)),
    attr.ints('pads', [...conv.padding.map(([before]) => before), ...conv.padding.map(([, after]) => after)]),
    attr.ints('strides', conv.stride),
    ...(conv.transposed ? [attr.ints('output_padding', outputPadding(x, y, weight, conv))] : []),
  ];
  const inputs = [graph.second(x), graph.weight(weight), ...(bias ? [graph.last(bias)] : [])];
  const name = graph.node(conv.transposed ? 'ConvTranspose' : 'Conv', inputs, attributes);
  graph.put(y, 'second', activated(graph, name, conv.relu));
}

export const convEmitters: Readonly<Record<string, Emit>> = {
  conv2d: (graph, op) => emitConv(graph, op, equalSides(op, false)),
  conv2dTranspose: (graph, op) => emitConv(graph, op, equalSides(op, true)),
  convGeneral: (graph, op) => emitConv(graph, op, op.attrs as Conv),
};
