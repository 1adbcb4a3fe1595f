/** @file State dicts: weights on the host by PyTorch's names and in its layout, and how they fit a model. */
import { describe } from '../base/describe.ts';
import { ConfigError, WeightError } from '../base/errors.ts';
import { elementCount, formatShape, type Shape, sameShape, stridesOf } from '../tensor/shape.ts';

/** One weight on the host, row-major in PyTorch's layout (OIHW, IOHW for transposed convolutions, with D before H for volumes, Linear [out, in]). */
export interface Weight {
  readonly shape: Shape;
  readonly values: Float32Array;
  /** A count (`num_batches_tracked`), which PyTorch keeps as a 64-bit integer. */
  readonly integer?: boolean;
}

/** The weights of a network by PyTorch’s names. */
export type StateDict = ReadonlyMap<string, Weight>;

/** What a partial load did. */
export interface LoadReport {
  readonly loaded: readonly string[];
  /** Names that did not fit, and why. */
  readonly skipped: ReadonlyMap<string, string>;
}

/** Axis order from our layout to PyTorch's, by rank: HWIO to OIHW, DHWIO to OIDHW and [in, out] to [out, in]. */
const toTorchAxes: Readonly<Record<number, readonly number[]>> = {
  2: [1, 0],
  4: [3, 2, 0, 1],
  5: [4, 3, 0, 1, 2],
};

const axesOf = (rank: number): readonly number[] =>
  toTorchAxes[rank] ?? Array.from({ length: rank }, (_, axis) => axis);

/** The shape PyTorch gives a weight that has `shape` here, its axes in this order, by default as its rank says. */
export function torchShape(shape: Shape, axes = axesOf(shape.length)): Shape {
  return axes.map((axis) => shape[axis]!);
}

/** A weight of `shape` here, in PyTorch's layout. */
export function toTorch(values: Float32Array, shape: Shape, axes = axesOf(shape.length)): Float32Array {
  return permute(values, shape, axes);
}

/** A weight whose PyTorch shape is `shape`, in the layout used here. */
export function fromTorch(values: Float32Array, shape: Shape, axes = axesOf(shape.length)): Float32Array {
  return permute(
    values,
    shape,
    axes.map((_, axis) => axes.indexOf(axis)),
  );
}

/** Transposes: axis i of the result is axis `axes[i]` of `values`, which has `shape`. */
function permute(values: Float32Array, shape: Shape, axes: readonly number[]): Float32Array {
  const strides = stridesOf(shape);
  const sizes = axes.map((axis) => shape[axis]!);
  const steps = axes.map((axis) => strides[axis]!);
  const result = new Float32Array(elementCount(shape));
  let written = 0;
  const walk = (axis: number, from: number): void => {
    if (axis === sizes.length) {
      result[written++] = values[from]!;
      return;
    }
    for (let i = 0; i < sizes[axis]!; i++) walk(axis + 1, from + i * steps[axis]!);
  };
  walk(0, 0);
  return result;
}

const isWeight = (value: unknown): value is Weight => {
  const { shape, values } = (value ?? {}) as Partial<Weight>;
  return values instanceof Float32Array && Array.isArray(shape) && shape.every((size) => size >= 0);
};

/** Throws ConfigError unless `state` is a Map of weights by name. */
export function expectState(call: string, state: StateDict): void {
  const fix =
    'Pass a Map of { shape, values: Float32Array } by name, such as decodeWeights gives in `state`.';
  if (!(state instanceof Map)) throw new ConfigError(`${call}: the state dict is ${describe(state)}. ${fix}`);
  for (const [name, weight] of state) {
    if (typeof name !== 'string') throw new ConfigError(`${call}: a name is ${describe(name)}. ${fix}`);
    if (!isWeight(weight)) throw new ConfigError(`${call}: ${name} is ${describe(weight)}. ${fix}`);
  }
}

/** What is wrong with `weight` for an entry of PyTorch shape `shape`, or undefined if it fits. */
export function misfit(weight: Weight | undefined, shape: Shape | undefined): string | undefined {
  if (!shape) return 'the model has no weight of this name';
  if (!weight) return `the model needs it with shape ${formatShape(shape)}, but it is missing`;
  const { length } = weight.values;
  if (sameShape(weight.shape, shape) && length === elementCount(shape)) return undefined;
  if (length !== elementCount(weight.shape))
    return `it has ${length} values, but its shape ${formatShape(weight.shape)} holds ${elementCount(weight.shape)}`;
  return `it has shape ${formatShape(weight.shape)}, but the model needs ${formatShape(shape)}`;
}

/** Throws WeightError for the first weight that holds NaN or infinity: a network that begins with it says nothing. @param file for the error */
export function expectFinite(state: StateDict, file?: string): void {
  for (const [name, { values }] of state) {
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) throw new WeightError(name, `it holds ${values[at]}`, file);
  }
}

/** Throws WeightError for the first name that is missing, unexpected or misshapen. @param file the state's, for the error */
export function expectFit(state: StateDict, shapes: ReadonlyMap<string, Shape>, file?: string): void {
  for (const name of new Set([...shapes.keys(), ...state.keys()])) {
    const problem = misfit(state.get(name), shapes.get(name));
    if (problem) throw new WeightError(name, problem, file);
  }
}
