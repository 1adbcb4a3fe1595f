/** @file Making tensors: from host values, filled, uninitialised, or seeded random. */

import { describe } from '../base/describe.ts';
import { ShapeError } from '../base/errors.ts';
import { normals, uniforms } from '../base/random.ts';
import { Device } from './device.ts';
import { byteSize, type DType, dtypes } from './dtype.ts';
import { elementCount, formatShape, type Shape } from './shape.ts';
import { type Spec, Tensor } from './tensor.ts';
import { encode, expectElement, type HostValues } from './values.ts';

/** More elements than any binding can have. */
const MOST = 2 ** 32;

/** Throws ShapeError unless a tensor of this spec can be. */
function expectSpec(call: string, device: Device, spec: Spec, label: string): void {
  if (!(device instanceof Device))
    throw new ShapeError(call, 'device', `is ${describe(device)}`, 'Pass a device of openDevice() first.');
  if (typeof spec !== 'object' || spec === null)
    throw new ShapeError(call, 'spec', `is ${describe(spec)}`, 'Pass { shape, dtype }.');
  const { shape, dtype } = spec;
  if (typeof label !== 'string')
    throw new ShapeError(call, 'label', `is ${describe(label)}`, 'A name for messages is needed.');
  const sizes = Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0);
  if (!sizes)
    throw new ShapeError(
      call,
      'shape',
      `is ${describe(shape)}`,
      'An array of whole numbers from 0 is needed.',
    );
  if (elementCount(shape) > MOST) {
    const problem = `${formatShape(shape)} holds ${elementCount(shape)} elements`;
    throw new ShapeError(call, 'shape', problem, `No buffer holds more than ${MOST}.`);
  }
  if (!dtypes.includes(dtype))
    throw new ShapeError(call, 'dtype', `is ${describe(dtype)}`, `Use one of ${dtypes.join(', ')}.`);
}

/** As expectSpec, of values that are made here. @throws OutOfMemoryError where no buffer holds them */
function expectMade(call: string, device: Device, spec: Spec, label: string): void {
  expectSpec(call, device, spec, label);
  device.memory.expectFits(elementCount(spec.shape) * byteSize(spec.dtype), label);
}

/**
 * A tensor of undefined content. @throws ShapeError for a shape or dtype that cannot be
 * @example
 * empty(device, { shape: [2, 3], dtype: 'f32' }).shape; // [2, 3]
 */
export function empty(device: Device, spec: Spec, label = 'tensor'): Tensor {
  expectSpec('empty', device, spec, label);
  const bytes = elementCount(spec.shape) * byteSize(spec.dtype);
  return new Tensor(device, device.memory.allocate(bytes, label), spec, label);
}

/**
 * A tensor of host values, row by row. Inside a captured step it is a constant of the step.
 * @throws ShapeError where the values are not as many as the shape's elements, one is no number or none that i32 or u32
 * holds, or the dtype is none
 * @example
 * tensor(device, [1, 2, 3, 4], [2, 2]).read(); // [1, 2, 3, 4]
 */
export function tensor(
  device: Device,
  values: HostValues,
  shape: Shape,
  dtype: DType = 'f32',
  label = 'tensor',
): Tensor {
  expectSpec('tensor', device, { shape, dtype }, label);
  const bytes = encode('tensor', values, shape, dtype);
  const storage = device.memory.allocateReal(bytes.byteLength, label);
  const made = new Tensor(device, storage, { shape, dtype }, label);
  made.fill(bytes);
  return made;
}

/**
 * A tensor of one value.
 * @example
 * filled(device, 7, [3], 'u32').read(); // [7, 7, 7]
 */
export function filled(
  device: Device,
  value: number | boolean,
  shape: Shape,
  dtype: DType = 'f32',
  label = 'filled',
): Tensor {
  expectMade('filled', device, { shape, dtype }, label);
  const number = expectElement('filled', 'value', value, dtype);
  return tensor(device, new Float64Array(elementCount(shape)).fill(number), shape, dtype, label);
}

/**
 * A tensor of zeros.
 * @example
 * zeros(device, [2, 2]).read(); // [0, 0, 0, 0]
 */
export function zeros(device: Device, shape: Shape, dtype: DType = 'f32', label = 'zeros'): Tensor {
  expectMade('zeros', device, { shape, dtype }, label);
  return filled(device, 0, shape, dtype, label);
}

/** Seeds and streams are counters of Philox. */
const MOST_STREAM = 2 ** 32 - 1;

/** Throws ShapeError for arguments of a random tensor that are no numbers. */
function expectRandom(
  call: string,
  finite: Readonly<Record<string, number>>,
  seed: number,
  stream: number,
): void {
  for (const [name, value] of Object.entries(finite))
    if (!Number.isFinite(value))
      throw new ShapeError(call, name, `is ${describe(value)}`, 'A finite number is needed.');
  const wholes = { seed: [seed, Number.MAX_SAFE_INTEGER], stream: [stream, MOST_STREAM] } as const;
  for (const [name, [value, most]] of Object.entries(wholes))
    if (!(Number.isInteger(value) && value >= 0 && value <= most))
      throw new ShapeError(call, name, `is ${describe(value)}`, `A whole number 0 … ${most} is needed.`);
}

/**
 * Uniform in [low, high), the same numbers on every adapter for one (seed, stream).
 * @throws ShapeError for bounds in the wrong order, and what is no seed or stream
 * @example
 * const [x] = await randomUniform(device, [1], 7, 2, 3).read();
 * x >= 2 && x < 3; // true
 */
export function randomUniform(
  device: Device,
  shape: Shape,
  seed: number,
  low = 0,
  high = 1,
  stream = 0,
): Tensor {
  expectMade('randomUniform', device, { shape, dtype: 'f32' }, 'uniform');
  expectRandom('randomUniform', { low, high }, seed, stream);
  if (low > high)
    throw new ShapeError(
      'randomUniform',
      'high',
      `is ${high}, below low, ${low}`,
      'Give the lower bound first.',
    );
  const values = uniforms(elementCount(shape), seed, stream).map((u) => low + (high - low) * u);
  return tensor(device, values, shape, 'f32', 'uniform');
}

/**
 * Normal with `mean` and `std`, the same numbers on every adapter for one (seed, stream).
 * @throws ShapeError for a negative `std`, and what is no seed or stream
 * @example
 * const [first, again] = [randomNormal(device, [4], 7), randomNormal(device, [4], 7)];
 * `${await first.read()}` === `${await again.read()}`; // true
 */
export function randomNormal(
  device: Device,
  shape: Shape,
  seed: number,
  mean = 0,
  std = 1,
  stream = 0,
): Tensor {
  expectMade('randomNormal', device, { shape, dtype: 'f32' }, 'normal');
  expectRandom('randomNormal', { mean, std }, seed, stream);
  if (std < 0)
    throw new ShapeError('randomNormal', 'std', `is ${std}`, 'A standard deviation of 0 or more is needed.');
  const values = normals(elementCount(shape), seed, stream).map((z) => mean + std * z);
  return tensor(device, values, shape, 'f32', 'normal');
}
