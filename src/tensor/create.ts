/** @file Making tensors: from host values, filled, uninitialised, or seeded random. */
import type { Device } from './device.ts';
import { byteSize, type DType, encode } from './dtype.ts';
import { ShapeError } from './errors.ts';
import { normals, uniforms } from './random.ts';
import { elementCount, formatShape, type Shape } from './shape.ts';
import { type Spec, Tensor } from './tensor.ts';

/** A tensor of undefined content. */
export function empty(device: Device, spec: Spec, label = 'tensor'): Tensor {
  const bytes = elementCount(spec.shape) * byteSize(spec.dtype);
  return new Tensor(device, device.memory.allocate(bytes, label), spec, label);
}

/** A tensor of host values. Inside a captured step it is a constant of the step. */
export function tensor(
  device: Device,
  values: ArrayLike<number>,
  shape: Shape,
  dtype: DType = 'f32',
  label = 'tensor',
): Tensor {
  if (values.length !== elementCount(shape)) {
    throw new ShapeError(
      'tensor',
      'values',
      `holds ${values.length} values`,
      `Shape ${formatShape(shape)} needs ${elementCount(shape)}.`,
    );
  }
  const bytes = encode(values, dtype);
  const storage = device.memory.allocateReal(bytes.byteLength, label);
  device.write(storage.buffer!, 0, bytes);
  return new Tensor(device, storage, { shape, dtype }, label);
}

export function filled(
  device: Device,
  value: number,
  shape: Shape,
  dtype: DType = 'f32',
  label = 'filled',
): Tensor {
  return tensor(device, new Float64Array(elementCount(shape)).fill(value), shape, dtype, label);
}

export function zeros(device: Device, shape: Shape, dtype: DType = 'f32', label = 'zeros'): Tensor {
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
  const values = normals(elementCount(shape), seed, stream).map((z) => mean + std * z);
  return tensor(device, values, shape, 'f32', 'normal');
}
