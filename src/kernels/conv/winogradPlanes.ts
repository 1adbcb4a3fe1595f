/** @file The planes that Winograd's transforms write and the products in the middle read, one a point. */
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Elements added to each plane, so that the planes do not fall on the same sets of a cache. */
export const GAP = 16;

/** Distance of planes of `count` elements, in units of `unit` elements. */
export function planeOf(count: number, unit: number): number {
  return (count + GAP) / unit;
}

/** Bytes of the smallest WebGPU binding limit. */
const LIMIT = 1 << 27;

/** Whether planes of `count` elements, one a point, can be bound on every device. */
export function fitsBinding(points: number, count: number): boolean {
  return points * (count + GAP) * 4 <= LIMIT;
}

/** Channels that an invocation of a transform handles: a vec4, but one on Mesa’s software driver, whose compiler is slow. */
export function unitOf(device: Device): number {
  return device.caps.compilesLate ? 1 : 4;
}

/** One plane of `count` elements a point, for each of `points`. */
export function emptyPlanes(device: Device, points: number, count: number): Tensor {
  return empty(device, { shape: [points, count + GAP], dtype: 'f32' }, 'values at the points');
}

/** What the transforms are compiled with. */
export function specialization(device: Device) {
  const consts = { ROLLED: String(device.caps.compilesLate) };
  const aliases = { T: unitOf(device) === 4 ? 'vec4<f32>' : 'f32' };
  return { overrides: { WORKGROUP: device.caps.workgroup }, consts, aliases };
}
