/** @file Norms: batch norm by its running statistics, and those that take them from the image. */
import { ExportError } from '../../base/errors.ts';
import type * as kernels from '../../kernels/index.ts';
import type { Shape } from '../../tensor/shape.ts';
import { activated } from './convolutions.ts';
import { attr, type Emit, type Graph } from './graph.ts';
import type { TracedOp, Value } from './trace.ts';

/** The mean over axes, which stay with size 1. */
const meanOver = (graph: Graph, x: string, axes: readonly number[]): string =>
  graph.node('ReduceMean', [x, graph.integers(axes)], [attr.int('keepdims', 1)]);

/** x/√(mean of x² + epsilon), of x without its mean first where it is `centred`. */
function normalised(
  graph: Graph,
  x: string,
  axes: readonly number[],
  epsilon: number,
  centred: boolean,
): string {
  const own = centred ? graph.node('Sub', [x, meanOver(graph, x, axes)]) : x;
  const variance = meanOver(graph, graph.node('Mul', [own, own]), axes);
  const deviation = graph.node('Sqrt', [graph.node('Add', [variance, graph.scalar(epsilon)])]);
  return graph.node('Div', [own, deviation]);
}

/** Times the weight, plus the bias, where there are. */
function scaled(graph: Graph, x: string, [, weight, bias]: TracedOp['inputs']): string {
  const wide = weight ? graph.node('Mul', [x, graph.last(weight)]) : x;
  return bias ? graph.node('Add', [wide, graph.last(bias)]) : wide;
}

/** Over the last axes. */
function overLast(centred: boolean): Emit {
  return (graph, op) => {
    const { axes, epsilon } = op.attrs as kernels.LayerNormAttrs;
    const [x] = op.inputs as readonly [Value];
    const own = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis)).sort((a, b) => a - b);
    const name = normalised(graph, graph.last(x), own, epsilon, centred);
    graph.put(op.outputs[0]!, 'last', scaled(graph, name, op.inputs));
  };
}

/** Over the pixels and the channels of each group. */
function byGroups(graph: Graph, op: TracedOp, groups: number, epsilon: number): void {
  const [x] = op.inputs as readonly [Value];
  const shaped = (name: string, shape: Shape): string =>
    graph.node('Reshape', [name, graph.integers([-1, ...shape.slice(1)])]);
  const pixels = x.shape.slice(1, -1).reduce((product, size) => product * size, 1);
  const apart = shaped(graph.last(x), [0, pixels, groups, x.shape.at(-1)! / groups]);
  const name = shaped(normalised(graph, apart, [1, 3], epsilon, true), x.shape);
  graph.put(op.outputs[0]!, 'last', scaled(graph, name, op.inputs));
}

export const normEmitters: Readonly<Record<string, Emit>> = {
  batchNorm(graph, op) {
    const { training, epsilon, relu } = op.attrs as kernels.BatchNormAttrs;
    if (training) throw new ExportError(op.as, 'takes the statistics of the batch', 'Run it for inference.');
    const [x, ...rows] = op.inputs as readonly Value[];
    const inputs = [graph.second(x!), ...rows.map((row) => graph.last(row))];
    const name = graph.node('BatchNormalization', inputs, [attr.float('epsilon', epsilon)]);
    graph.put(op.outputs[0]!, 'second', activated(graph, name, relu));
  },
  layerNorm: overLast(true),
  rmsNorm: overLast(false),
  groupNorm: (graph, op) => {
    const { groups, epsilon } = op.attrs as kernels.GroupNormAttrs;
    byGroups(graph, op, groups, epsilon);
  },
  instanceNorm: (graph, op) => {
    const { epsilon } = op.attrs as { readonly epsilon: number };
    byGroups(graph, op, op.inputs[0]!.shape.at(-1)!, epsilon);
  },
};
