/** @file A graph of ONNX in the making: values here are channels-last, there channels come second. */
import { ExportError } from '../../base/errors.ts';
import { toHalf } from '../../base/half.ts';
import { torchShape, toTorch } from '../../models/state.ts';
import type { Shape } from '../../tensor/shape.ts';
import { type AttributeProto, dataTypes, type NodeProto, type TensorProto } from './proto.ts';
import type { TracedOp, Value } from './trace.ts';

/** Channels last as here, second as in ONNX, or PyTorch's layout of weights; up to two axes the first two are one. */
export type Form = 'last' | 'second' | 'torch';

/** Order of axes from last to second. */
export const toSecond = (rank: number): number[] =>
  rank < 3 ? range(rank) : [0, rank - 1, ...range(rank - 2).map((axis) => axis + 1)];

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** The order that undoes another. */
export const inverse = (axes: readonly number[]): number[] => axes.map((_, axis) => axes.indexOf(axis));

/** The axis, from 0, of a value with channels last, as it is in a form. */
export function axisIn(form: 'last' | 'second', axis: number, rank: number): number {
  const own = axis < 0 ? axis + rank : axis;
  return form === 'last' ? own : inverse(toSecond(rank))[own]!;
}

/** Adds the nodes of one op. */
export type Emit = (graph: Graph, op: TracedOp) => void;

/** A constant of the graph whose values are read from the device when all is known. */
interface Pending {
  readonly value: Value;
  readonly form: Form;
  readonly name: string;
}

const float = (name: string, f: number): AttributeProto => ({ name, type: 1, f });
const int = (name: string, i: number): AttributeProto => ({ name, type: 2, i });
const text = (name: string, s: string): AttributeProto => ({ name, type: 3, s });
const ints = (name: string, values: readonly number[]): AttributeProto => ({ name, type: 7, ints: values });

/** Attributes of nodes by their kinds. */
export const attr = { float, int, text, ints };

/** Order of axes in which a weight stands in PyTorch: HWIO as OIHW, [in, out] as [out, in]. */
const torchOrder = (rank: number): readonly number[] => torchShape(range(rank));

export class Graph {
  readonly nodes: NodeProto[] = [];
  readonly constants: TensorProto[] = [];
  readonly pending: Pending[] = [];
  readonly #forms = new Map<Value, Partial<Record<Form, string>>>();
  readonly #counts = new Map<string, number>();

  /** The name that `base` stands for: itself, or where it is taken with a number. */
  #fresh(base: string): string {
    const count = this.#counts.get(base) ?? 0;
    this.#counts.set(base, count + 1);
    return count === 0 ? base : `${base}_${count}`;
  }

  /** Adds a node; gives the name of its output. */
  node(
    opType: string,
    input: readonly string[],
    attribute: readonly AttributeProto[] = [],
    output = this.#fresh(opType),
  ): string {
    this.nodes.push({ input, output: [output], name: this.#fresh(`${opType}_node`), opType, attribute });
    return output;
  }

  /** Whole numbers as an input of a node. */
  integers(values: readonly number[]): string {
    const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#constant({ dims: [values.length], dataType: dataTypes.i64, rawData });
  }

  /** A number as an input of a node. */
  scalar(value: number): string {
    return this.#constant({
      dims: [],
      dataType: dataTypes.f32,
      rawData: new Uint8Array(Float32Array.of(value).buffer),
    });
  }

  /** Floats of one value as an input of a node. */
  filled(value: number, dims: Shape): string {
    const count = dims.reduce((product, size) => product * size, 1);
    const rawData = new Uint8Array(new Float32Array(count).fill(value).buffer);
    return this.#constant({ dims, dataType: dataTypes.f32, rawData });
  }

  #constant(given: Omit<TensorProto, 'name'>): string {
    const name = this.#fresh('constant');
    this.constants.push({ ...given, name });
    return name;
  }

  /** Says what a value is called in a form. */
  put(value: Value, form: 'last' | 'second', name: string): void {
    const known = value.shape.length < 3 ? { last: name, second: name } : { [form]: name };
    this.#forms.set(value, { ...this.#forms.get(value), ...known });
  }

  /** The form that needs no node, for ops that do not mind. */
  formOf(value: Value): 'last' | 'second' {
    return this.#forms.get(value)?.second === undefined ? 'last' : 'second';
  }

  last(value: Value): string {
    return this.in('last', value);
  }

  second(value: Value): string {
    return this.in('second', value);
  }

  /** A weight of a convolution or linear layer, in PyTorch's layout. */
  weight(value: Value): string {
    return this.in('torch', value);
  }

  /** What a value is called in a form; adds the node that makes it so. */
  in(wanted: Form, value: Value): string {
    const rank = value.shape.length;
    const same = (wanted === 'second' && rank < 3) || (wanted === 'torch' && rank < 2);
    const form = same ? 'last' : wanted;
    const known = this.#forms.get(value)?.[form];
    if (known !== undefined) return known;
    const name = value.held ? this.#held(value, form) : this.#turned(value, form);
    this.#forms.set(value, { ...this.#forms.get(value), [form]: name });
    return name;
  }

  #held(value: Value, form: Form): string {
    const base = value.name ?? 'constant';
    const name = this.#fresh(form === 'torch' || value.shape.length < 2 ? base : `${base}.${form}`);
    this.pending.push({ value, form, name });
    return name;
  }

  #turned(value: Value, form: Form): string {
    const rank = value.shape.length;
    const forms = this.#forms.get(value) ?? {};
    if (forms.last === undefined && forms.second === undefined)
      throw new ExportError('export', `reads value ${value.id}, which no op has made`, 'Report this.');
    if (form === 'last')
      return this.node('Transpose', [forms.second!], [ints('perm', inverse(toSecond(rank)))]);
    const perm = form === 'torch' ? torchOrder(rank) : toSecond(rank);
    return this.node('Transpose', [this.last(value)], [ints('perm', perm)]);
  }

  /** Reads the constants that are weights. */
  async readConstants(): Promise<TensorProto[]> {
    return [...(await Promise.all(this.pending.map(readConstant))), ...this.constants];
  }
}

async function readConstant({ value, form, name }: Pending): Promise<TensorProto> {
  const { shape, dtype, held } = value;
  const order = form === 'torch' ? torchOrder(shape.length) : form === 'second' ? toSecond(shape.length) : [];
  if (dtype === 'bool') throw new ExportError(name, 'is a constant of bool', 'Use numbers.');
  const values = await held!.read();
  const dims = order.length === 0 ? shape : order.map((axis) => shape[axis]!);
  if (dtype !== 'f32' && dtype !== 'f16') {
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return { dims, dataType: dataTypes[dtype], name, rawData };
  }
  const turned =
    order.length === 0 ? (values as Float32Array) : toTorch(values as Float32Array, shape, order);
  const own = dtype === 'f16' ? toHalf(turned) : turned;
  const rawData = new Uint8Array(own.buffer, own.byteOffset, own.byteLength);
  return { dims, dataType: dataTypes[dtype], name, rawData };
}
