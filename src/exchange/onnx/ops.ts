/** @file The nodes of ONNX (opset 18) that each op of the engine is, one entry an op; an op without one cannot be exported. */
import { ExportError } from '../../base/errors.ts';
import type * as kernels from '../../kernels/index.ts';
import { convEmitters } from './convolutions.ts';
import { elementEmitters } from './elements.ts';
import { attr, axisIn, type Emit, type Graph } from './graph.ts';
import { normEmitters } from './norms.ts';
import { poolEmitters } from './pools.ts';
import type { TracedOp, Value } from './trace.ts';

/** Version of ONNX's operators that the nodes are of. */
export const OPSET = 18;

/** Its only output. */
const outputOf = ({ outputs }: TracedOp): Value => outputs[0]!;

/** Concatenation, slices and padding along an axis. */
const along: Readonly<Record<string, Emit>> = {
  concat(graph, op) {
    const { axis } = op.attrs as kernels.ConcatAttrs;
    const parts = op.inputs as readonly Value[];
    const form = graph.formOf(parts[0]!);
    const at = attr.int('axis', axisIn(form, axis, parts[0]!.shape.length));
    const names = parts.map((part) => graph.in(form, part));
    graph.put(outputOf(op), form, graph.node('Concat', names, [at]));
  },
  slice: cut,
  channels: cut,
  pad(graph, op) {
    const { axis, before, after } = op.attrs as kernels.PadAttrs;
    const [x] = op.inputs as readonly [Value];
    const rank = x.shape.length;
    const form = graph.formOf(x);
    const pads = new Array<number>(2 * rank).fill(0);
    const at = axisIn(form, axis, rank);
    [pads[at], pads[at + rank]] = [before, after];
    graph.put(outputOf(op), form, graph.node('Pad', [graph.in(form, x), graph.integers(pads)]));
  },
};

function cut(graph: Graph, op: TracedOp): void {
  const { axis, start, end } = op.attrs as kernels.SliceAttrs;
  const [x] = op.inputs as readonly [Value];
  const rank = x.shape.length;
  const size = x.shape[axis < 0 ? axis + rank : axis]!;
  const form = graph.formOf(x);
  const [from, to] = [start, end].map((place) => (place < 0 ? place + size : place)) as [number, number];
  const inputs = [from, to, axisIn(form, axis, rank)].map((value) => graph.integers([value]));
  graph.put(outputOf(op), form, graph.node('Slice', [graph.in(form, x), ...inputs]));
}

/** Products of matrices. */
const products: Readonly<Record<string, Emit>> = {
  linear(graph, op) {
    const [x, weight, bias] = op.inputs as readonly [Value, Value, Value | null];
    const inputs = [graph.last(x), graph.weight(weight), ...(bias ? [graph.last(bias)] : [])];
    graph.put(outputOf(op), 'last', graph.node('Gemm', inputs, [attr.int('transB', 1)]));
  },
  batchMatmul(graph, op) {
    const { transposeA, transposeB } = op.attrs as { transposeA: boolean; transposeB: boolean };
    const [a, b] = op.inputs as readonly [Value, Value];
    const turned = (value: Value, turn: boolean): string => {
      if (!turn) return graph.last(value);
      const axes = value.shape.map((_, axis) => axis);
      const perm = [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!];
      return graph.node('Transpose', [graph.last(value)], [attr.ints('perm', perm)]);
    };
    const name = graph.node('MatMul', [turned(a, transposeA), turned(b, transposeB)]);
    graph.put(outputOf(op), 'last', name);
  },
};

/** Changes of shape; the batch is whatever is left. */
const shapes: Readonly<Record<string, Emit>> = {
  reshape(graph, op) {
    const [x] = op.inputs as readonly [Value];
    const y = outputOf(op);
    const sizes = x.fixed ? y.shape : [-1, ...y.shape.slice(1)];
    graph.put(y, 'last', graph.node('Reshape', [graph.last(x), graph.integers(sizes)]));
  },
  permute(graph, op) {
    const { axes } = op.attrs as kernels.AxesAttrs;
    const [x] = op.inputs as readonly [Value];
    graph.put(outputOf(op), 'last', graph.node('Transpose', [graph.last(x)], [attr.ints('perm', [...axes])]));
  },
};

const emitters: Readonly<Record<string, Emit>> = {
  ...convEmitters,
  ...elementEmitters,
  ...normEmitters,
  ...poolEmitters,
  ...along,
  ...products,
  ...shapes,
};

/** Names of the ops that can be exported. */
export const exportable = Object.keys(emitters);

/** Adds the nodes of an op. @throws ExportError for one that has none in ONNX here */
export function emit(graph: Graph, op: TracedOp): void {
  const own = Object.hasOwn(emitters, op.op) ? emitters[op.op] : undefined;
  if (!own) {
    const called = op.as === op.op ? op.op : `${op.as} (${op.op})`;
    throw new ExportError(
      called,
      'has no node of ONNX',
      'Export weights instead, or add it to src/exchange/onnx.',
    );
  }
  own(graph, op);
}
