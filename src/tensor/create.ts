/** @file Making tensors: from host values, filled, uninitialised, or seeded random. */

import { ShapeError } from '../base/errors.ts';
import { normals, uniforms } from '../base/random.ts';
import { Device } from './device.ts';
import { byteSize, type DType, dtypes, encode } from './dtype.ts';
import { elementCount, formatShape, type Shape } from './shape.ts';
import { type Spec, Tensor } from './tensor.ts';

/** More elements than any binding can have. */
const MOST = 2 ** 32;

/** Throws ShapeError unless a tensor of this spec can be. */
function expectSpec(call: string, device: Device, { shape, dtype }: Spec): void {
  if (!(device instanceof Device)) {
    throw new ShapeError(call, 'device', `is ${String(device)}`, 'Pass a device of openDevice() first.');
  }
  const sizes = Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0);
  if (!sizes) {
    const found = Array.isArray(shape) ? formatShape(shape) : String(shape);
    throw new ShapeError(call, 'shape', `is ${found}`, 'An array of whole numbers from 0 is needed.');
  }
  if (elementCount(shape) > MOST) {
    const problem = `${formatShape(shape)} holds ${elementCount(shape)} elements`;
    throw new ShapeError(call, 'shape', problem, `No buffer holds more than ${MOST}.`);
  }
  if (!dtypes.includes(dtype))
    throw new ShapeError(call, 'dtype', `is '${dtype}'`, `Use one of ${dtypes.join(', ')}.`);
}

/** A tensor of undefined content. @throws ShapeError for a shape or dtype that cannot be */
export function empty(device: Device, spec: Spec, label = 'tensor'): Tensor {
  expectSpec('empty', device, spec);
  const bytes = elementCount(spec.shape) * byteSize(spec.dtype);
  return new Tensor(device, device.memory.allocate(bytes, label), spec, label);
}

/**
 * A tensor of host values. Inside a captured step it is a constant of the step.
 * @throws ShapeError where the values are not as many as the shape's elements, or the dtype is none
 */
export function tensor(
  device: Device,
  values: ArrayLike<number>,
  shape: Shape,
  dtype: DType = 'f32',
  label = 'tensor',
): Tensor {
  expectSpec('tensor', device, { shape, dtype });
  if (values?.length !== elementCount(shape)) {
    const found = values?.length === undefined ? 'is no array' : `holds ${values.length} values`;
    throw new ShapeError(
      'tensor',
      'values',
      found,
      `Shape ${formatShape(shape)} needs ${elementCount(shape)}.`,
    );
  }
  const bytes = encode(values, dtype);
  const storage = device.memory.allocateReal(bytes.byteLength, label);
  const made = new Tensor(device, storage, { shape, dtype }, label);
  made.fill(bytes);
  return made;
}

/** A tensor of one value. */
export function filled(
  device: Device,
  value: number,
  shape: Shape,
  dtype: DType = 'f32',
  label = 'filled',
): Tensor {
  expectSpec('filled', device, { shape, dtype });
  if (typeof value !== 'number')
    throw new ShapeError('filled', 'value', `is ${String(value)}`, 'Pass a number, then the shape.');
  return tensor(device, new Float64Array(elementCount(shape)).fill(value), shape, dtype, label);
}

/** A tensor of zeros. */
export function zeros(device: Device, shape: Shape, dtype: DType = 'f32', label = 'zeros'): Tensor {
  expectSpec('zeros', device, { shape, dtype });
  return filled(device, 0, shape, dtype, label);
}

/** Uniform in [low, high), the same numbers on every adapter for one (seed, stream). */
export function randomUniform(
  device: Device,
  shape: Shape,
  seed: number,
  low = 0,
  high = 1,
  stream = 0,
): Tensor {
  expectSpec('randomUniform', device, { shape, dtype: 'f32' });
  const values = uniforms(elementCount(shape), seed, stream).map((u) => low + (high - low) * u);
  return tensor(device, values, shape, 'f32', 'uniform');
}

/** Normal with `mean` and `std`, the same numbers on every adapter for one (seed, stream). */
export function randomNormal(
  device: Device,
  shape: Shape,
  seed: number,
  mean = 0,
  std = 1,
  stream = 0,
): Tensor {
  expectSpec('randomNormal', device, { shape, dtype: 'f32' });
  const values = normals(elementCount(shape), seed, stream).map((z) => mean + std * z);
  return tensor(device, values, shape, 'f32', 'normal');
}
