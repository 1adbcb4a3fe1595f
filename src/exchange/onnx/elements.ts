/** @file Functions of single elements, of one tensor or two, and casts. */
import { ExportError } from '../../base/errors.ts';
import type * as kernels from '../../kernels/index.ts';
import { attr, axisIn, type Emit, type Graph } from './graph.ts';
import { dataTypes } from './proto.ts';
import type { TracedOp, Value } from './trace.ts';

type Unary = (graph: Graph, x: string, alpha: number, beta: number) => string;

/** A function that is one node. */
const one =
  (opType: string): Unary =>
  (graph, x) =>
    graph.node(opType, [x]);

/** x times a number, plus another. */
function affine(graph: Graph, x: string, alpha: number, beta: number): string {
  const scaled = alpha === 1 ? x : graph.node('Mul', [x, graph.scalar(alpha)]);
  return beta === 0 && scaled !== x ? scaled : graph.node('Add', [scaled, graph.scalar(beta)]);
}

/** x times half of 1 + what of x. */
const gelu = (graph: Graph, x: string, inner: string): string =>
  graph.node('Mul', [x, affine(graph, inner, 0.5, 0.5)]);

/** By name of the function; those without an entry cannot be exported. */
const unaries: Readonly<Partial<Record<string, Unary>>> = {
  relu: one('Relu'),
  sigmoid: one('Sigmoid'),
  exp: one('Exp'),
  log: one('Log'),
  sqrt: one('Sqrt'),
  abs: one('Abs'),
  tanh: one('Tanh'),
  negate: one('Neg'),
  sign: one('Sign'),
  softplus: one('Softplus'),
  reciprocal: one('Reciprocal'),
  floor: one('Floor'),
  ceil: one('Ceil'),
  round: one('Round'),
  sin: one('Sin'),
  cos: one('Cos'),
  affine,
  square: (graph, x) => graph.node('Mul', [x, x]),
  rsqrt: (graph, x) => graph.node('Reciprocal', [graph.node('Sqrt', [x])]),
  clamp: (graph, x, low, high) => graph.node('Clip', [x, graph.scalar(low), graph.scalar(high)]),
  leakyRelu: (graph, x, slope) => graph.node('LeakyRelu', [x], [attr.float('alpha', slope)]),
  elu: (graph, x, scale) => graph.node('Elu', [x], [attr.float('alpha', scale)]),
  silu: (graph, x) => graph.node('Mul', [x, graph.node('Sigmoid', [x])]),
  pow: (graph, x, exponent) => graph.node('Pow', [x, graph.scalar(exponent)]),
  gelu: (graph, x) => gelu(graph, x, graph.node('Erf', [affine(graph, x, Math.SQRT1_2, 0)])),
  geluTanh(graph, x) {
    const cube = graph.node('Pow', [x, graph.scalar(3)]);
    const sum = graph.node('Add', [x, affine(graph, cube, 0.044715, 0)]);
    return gelu(graph, x, graph.node('Tanh', [affine(graph, sum, Math.sqrt(2 / Math.PI), 0)]));
  },
};

const binaries: Readonly<Partial<Record<string, string>>> = {
  add: 'Add',
  subtract: 'Sub',
  multiply: 'Mul',
  divide: 'Div',
  minimum: 'Min',
  maximum: 'Max',
  pow: 'Pow',
};

/** The form in which two values broadcast as they do here: channels may come second where both have all axes. */
function commonForm(graph: Graph, values: readonly Value[]): 'last' | 'second' {
  const ranks = new Set(values.map(({ shape }) => shape.length));
  return ranks.size === 1 && values.some((value) => graph.formOf(value) === 'second') ? 'second' : 'last';
}

const without = ({ as }: TracedOp, fn: string): ExportError =>
  new ExportError(`${as} (${fn})`, 'has no node of ONNX', 'Use another function.');

export const elementEmitters: Readonly<Record<string, Emit>> = {
  unary(graph, op) {
    const { fn, alpha, beta } = op.attrs as kernels.UnaryAttrs;
    const [x] = op.inputs as readonly [Value];
    const own = unaries[fn];
    if (!own) throw without(op, fn);
    const form = graph.formOf(x);
    graph.put(op.outputs[0]!, form, own(graph, graph.in(form, x), alpha ?? 1, beta ?? 0));
  },
  binary(graph, op) {
    const { fn, scalar } = op.attrs as kernels.BinaryAttrs;
    const opType = binaries[fn];
    if (!opType || op.outputs[0]!.dtype !== 'f32') throw without(op, fn);
    const given = op.inputs.filter((value) => value !== null);
    const form = commonForm(graph, given);
    const names = op.inputs.map((value) => (value ? graph.in(form, value) : graph.scalar(scalar!)));
    graph.put(op.outputs[0]!, form, graph.node(opType, names));
  },
  softmax(graph, op) {
    const { log, axis = -1 } = op.attrs as kernels.SoftmaxAttrs;
    const [x] = op.inputs as readonly [Value];
    const form = graph.formOf(x);
    const at = [attr.int('axis', axisIn(form, axis, x.shape.length))];
    graph.put(op.outputs[0]!, form, graph.node(log ? 'LogSoftmax' : 'Softmax', [graph.in(form, x)], at));
  },
  cast(graph, op) {
    const { dtype } = op.attrs as kernels.CastAttrs;
    const [x] = op.inputs as readonly [Value];
    const form = graph.formOf(x);
    const name = graph.node('Cast', [graph.in(form, x)], [attr.int('to', dataTypes[dtype])]);
    graph.put(op.outputs[0]!, form, name);
  },
};
