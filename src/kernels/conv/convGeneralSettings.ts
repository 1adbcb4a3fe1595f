/** @file What a convolution of one to three axes is asked to do: options as users write them, checked and per axis. */
import { ShapeError } from '../../base/errors.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { describe, expectKnown, expectOneOf, expectWhole } from '../checks.ts';

/** One number for both axes, or [vertical, horizontal]. */
export type PerAxis = number | readonly [y: number, x: number];

/** Zeros around the image: as PerAxis, or each side's own. */
export type Padding = PerAxis | readonly [top: number, bottom: number, left: number, right: number];

/** Of `conv2d`; PyTorch’s names and defaults. */
export interface Conv2dOptions {
  /** Default 1. */
  readonly stride?: PerAxis;
  /** Default 0, which is `valid`; `same`, for stride 1, keeps the image's size (an odd row or column at the end). */
  readonly padding?: Padding | 'same' | 'valid';
  /** Default 1. */
  readonly dilation?: PerAxis;
  /** Channels in and out fall into this many groups, in order, each convolved by itself; default 1. */
  readonly groups?: number;
  /** Applies ReLU to the result in the same launch. */
  readonly relu?: boolean;
}

/** Of `conv2dTranspose`. */
export interface Conv2dTransposeOptions {
  readonly stride?: PerAxis;
  /** Rows and columns that are left out around the result, default 0. */
  readonly padding?: Padding;
  /** Rows and columns added at the end, for sizes that stride leaves open: less than stride or dilation; default 0. */
  readonly outputPadding?: PerAxis;
  readonly dilation?: PerAxis;
  readonly groups?: number;
  readonly relu?: boolean;
}

/** Of `conv1d`; PyTorch’s names and defaults. */
export interface Conv1dOptions {
  /** Default 1. */
  readonly stride?: number;
  /** Zeros on both sides, default 0; or on each side; or by name, as in conv2d. */
  readonly padding?: number | readonly [before: number, after: number] | 'same' | 'valid';
  /** Default 1. */
  readonly dilation?: number;
  /** As in conv2d; default 1. */
  readonly groups?: number;
  /** Applies ReLU to the result in the same launch. */
  readonly relu?: boolean;
}

/** Of `conv1dTranspose`. */
export interface Conv1dTransposeOptions extends Omit<Conv1dOptions, 'padding'> {
  /** Values that are left out on both sides of the result, or on each; default 0. */
  readonly padding?: number | readonly [before: number, after: number];
  /** As in conv2dTranspose. */
  readonly outputPadding?: number;
}

/** One number for all axes, or [depth, vertical, horizontal]. */
export type PerAxis3d = number | readonly [z: number, y: number, x: number];

/** As Padding, of volumes. */
export type Padding3d =
  | PerAxis3d
  | readonly [front: number, back: number, top: number, bottom: number, left: number, right: number];

/** Of `conv3d`; sizes are [z, y, x], or one for all. */
export interface Conv3dOptions {
  /** Default 1. */
  readonly stride?: PerAxis3d;
  /** Zeros around the volume, as in conv2d; default 0. */
  readonly padding?: Padding3d | 'same' | 'valid';
  /** Default 1. */
  readonly dilation?: PerAxis3d;
  /** Applies ReLU to the result in the same launch. */
  readonly relu?: boolean;
}

/** Of `conv3dTranspose`; sizes are [z, y, x], or one for all. */
export interface Conv3dTransposeOptions extends Omit<Conv3dOptions, 'padding'> {
  /** What is left out around the result, default 0. */
  readonly padding?: Padding3d;
  /** Added at the end of each axis, as in conv2dTranspose; default 0. */
  readonly outputPadding?: PerAxis3d;
}

/** Checked options, by axis, of a convolution or (`transposed`) its adjoint. */
export interface ConvSettings {
  readonly transposed: boolean;
  readonly stride: readonly number[];
  /** Before and after, of each axis. */
  readonly padding: readonly (readonly [number, number])[];
  readonly dilation: readonly number[];
  readonly outputPadding: readonly number[];
  readonly groups: number;
  readonly relu: boolean;
}

/** What an options object may hold before it is checked. */
type Unchecked = Readonly<Record<string, unknown>>;

const OPTIONS = ['stride', 'padding', 'dilation', 'groups', 'relu'] as const;

/** Which axes a number is for. */
const axesOf = (rank: number) =>
  ['one', '[vertical, horizontal]', '[depth, vertical, horizontal]'][rank - 1]!;

/** One whole number an axis, from a number or a list of them. */
function perAxis(call: string, name: string, value: unknown, rank: number, least: number): number[] {
  if (typeof value === 'number') return new Array<number>(rank).fill(expectWhole(call, name, value, least));
  if (!Array.isArray(value) || value.length !== rank) {
    const fix = `A whole number from ${least}, or ${axesOf(rank)}, is needed.`;
    throw new ShapeError(call, name, `is ${describe(value)}`, fix);
  }
  return Array.from(value, (one: number, i) => expectWhole(call, `${name}[${i}]`, one, least));
}

/** Zeros before and after, of each axis. */
function sidesOf(call: string, value: unknown, rank: number): [number, number][] {
  if (Array.isArray(value) && value.length === 2 * rank) {
    const sides = perAxis(call, 'padding', value, 2 * rank, 0);
    return Array.from({ length: rank }, (_, axis) => [sides[2 * axis]!, sides[2 * axis + 1]!]);
  }
  if (typeof value !== 'number' && (!Array.isArray(value) || value.length !== rank)) {
    const forms = [
      '[before, after]',
      '[vertical, horizontal], [top, bottom, left, right]',
      '[depth, vertical, horizontal], [front, back, top, bottom, left, right]',
    ][rank - 1];
    const fix = `A whole number from 0, ${forms}, or for convolutions 'same' or 'valid', is needed.`;
    throw new ShapeError(call, 'padding', `is ${describe(value)}`, fix);
  }
  return perAxis(call, 'padding', value, rank, 0).map((side) => [side, side]);
}

/** Padding that keeps the image's size. */
function samePadding(call: string, settings: Pick<ConvSettings, 'stride' | 'dilation'>, kernel: Shape) {
  if (settings.stride.some((stride) => stride !== 1)) {
    const problem = `is 'same' with stride ${settings.stride.join(', ')}`;
    throw new ShapeError(call, 'padding', problem, 'Use stride 1, or numbers.');
  }
  return settings.dilation.map((dilation, axis): [number, number] => {
    const total = dilation * (kernel[axis]! - 1);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
}

function expectOutputPadding(call: string, { stride, dilation, outputPadding }: ConvSettings): void {
  for (const [axis, rows] of outputPadding.entries()) {
    const most = Math.max(stride[axis]!, dilation[axis]!);
    if (rows < most) continue;
    const problem = `is ${rows} with stride ${stride[axis]} and dilation ${dilation[axis]}`;
    throw new ShapeError(call, 'outputPadding', problem, 'It must be less than one of them.');
  }
}

/** Throws ShapeError unless `value` is a tensor of this rank. */
export function expectTensor(call: string, argument: string, value: unknown, rank: number): Tensor {
  if (!(value instanceof Tensor))
    throw new ShapeError(call, argument, `is ${describe(value)}`, 'A tensor is needed.');
  if (value.shape.length === rank) return value;
  throw new ShapeError(call, argument, `has shape ${formatShape(value.shape)}`, `Rank ${rank} is needed.`);
}

/** The settings that options stand for, for a weight of `rank` spatial axes; those in `without` are unknown. @throws ShapeError */
export function settingsOf(
  call: string,
  rank: number,
  weight: Tensor,
  options: object,
  transposed = false,
  without: readonly string[] = [],
): ConvSettings {
  const kernel = expectTensor(call, 'weight', weight, rank + 2).shape;
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new ShapeError(call, 'options', `are ${describe(options)}`, 'An object is needed.');
  const known = transposed ? [...OPTIONS, 'outputPadding'] : OPTIONS;
  expectKnown(
    call,
    options,
    known.filter((name) => !without.includes(name)),
  );
  const given: Unchecked = { ...options };
  const { stride = 1, padding = 0, dilation = 1, outputPadding = 0, groups = 1, relu = false } = given;
  const numbers = {
    stride: perAxis(call, 'stride', stride, rank, 1),
    dilation: perAxis(call, 'dilation', dilation, rank, 1),
    outputPadding: perAxis(call, 'outputPadding', outputPadding, rank, 0),
    groups: expectWhole(call, 'groups', groups as number, 1),
    relu: expectOneOf(call, 'relu', relu as boolean, [true, false]),
  };
  const named = transposed ? undefined : namedPadding(call, padding, numbers, kernel);
  const settings = { transposed, ...numbers, padding: named ?? sidesOf(call, padding, rank) };
  expectOutputPadding(call, settings);
  return settings;
}

function namedPadding(
  call: string,
  padding: unknown,
  numbers: Pick<ConvSettings, 'stride' | 'dilation'>,
  kernel: Shape,
): [number, number][] | undefined {
  if (padding === 'same') return samePadding(call, numbers, kernel);
  return padding === 'valid' ? numbers.stride.map(() => [0, 0]) : undefined;
}

/** The same along the second of two axes, where the first has one row. */
export function lifted(settings: ConvSettings): ConvSettings {
  const { stride, padding, dilation, outputPadding } = settings;
  return {
    ...settings,
    stride: [1, ...stride],
    padding: [[0, 0], ...padding],
    dilation: [1, ...dilation],
    outputPadding: [0, ...outputPadding],
  };
}
