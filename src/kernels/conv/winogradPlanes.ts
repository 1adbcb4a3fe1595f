/** @file The planes that Winograd's transforms write and the products in the middle read, one a point. */

import type { Caps } from '../../tensor/caps.ts';
import { empty } from '../../tensor/create.ts';
import type { Device } from '../../tensor/device.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { hasManyRegisters } from '../launch/variant.ts';

/** Elements added to each plane, so that the planes do not fall on the same sets of a cache. */
export const GAP = 16;

/** Distance of planes of `count` elements, in units of `unit` elements. */
export function planeOf(count: number, unit: number): number {
  return (count + GAP) / unit;
}

/** Bytes bound at once on software adapters: WebGPU's least limit, so that forms do not depend on the memory there is. */
const LEAST_LIMIT = 1 << 27;

/** Whether planes of `count` elements, one a point, can be bound. */
export function fitsBinding({ software, maxBinding }: Caps, points: number, count: number): boolean {
  return points * (count + GAP) * 4 <= (software ? LEAST_LIMIT : maxBinding);
}

type Unit = 1 | 2 | 4;

/**
 * Channels that an invocation of a transform handles: a vec4, but one on Mesa’s software driver, whose compiler is slow,
 * and two where registers for four are missing.
 */
export function unitOf({ caps }: Device): Unit {
  if (caps.compilesLate) return 1;
  return caps.software || hasManyRegisters(caps) ? 4 : 2;
}

/** One plane of `count` elements a point, for each of `points`. */
export function emptyPlanes(device: Device, points: number, count: number): Tensor {
  return empty(device, { shape: [points, count + GAP], dtype: 'f32' }, 'values at the points');
}

/** Elements `first` … of a tensor, without a copy. */
export function elementsOf(tensor: Tensor, first: number, count: number): Tensor {
  const { device, storage, dtype, label, offset } = tensor;
  return new Tensor(device, storage.retain(), { shape: [count], dtype }, label, offset + 4 * first);
}

const vectors: Readonly<Record<Unit, string>> = { 1: 'f32', 2: 'vec2<f32>', 4: 'vec4<f32>' };

/** What the transforms are compiled with. */
export function specialization(device: Device) {
  const consts = { ROLLED: String(device.caps.compilesLate) };
  return { overrides: { WORKGROUP: device.caps.workgroup }, consts, aliases: { T: vectors[unitOf(device)] } };
}
