/** @file The batch of matrix products in the middle of every Winograd convolution, and the planes they lie in. */
import { empty } from '../tensor/create.ts';
import type { Caps, Device } from '../tensor/device.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Grid, launch } from './queue.ts';
import * as shaders from './shaders.gen.ts';

/** Elements added to each plane, so that the planes do not fall on the same sets of a cache. */
export const GAP = 16;

/** Distance of planes of `count` elements, in units of `unit` elements. */
export function planeOf(count: number, unit: number): number {
  return (count + GAP) / unit;
}

/** Channels that an invocation of a transform handles: a vec4, but one on lavapipe, whose compiler is slow. */
export function unitOf(device: Device): number {
  return device.caps.subgroupSize === 8 ? 1 : 4;
}

/** One plane of `count` elements a point, for each of `points`. */
export function emptyPlanes(device: Device, points: number, count: number): Tensor {
  return empty(device, { shape: [points, count + GAP], dtype: 'f32' }, 'values at the points');
}

/** What the transforms are compiled with. */
export function specialization(device: Device) {
  const aliases = { T: unitOf(device) === 4 ? 'vec4<f32>' : 'f32' };
  return { overrides: { WORKGROUP: device.caps.workgroup }, aliases };
}

/** Quads of lanes trade values, whatever the size of the subgroup. */
export function hasQuads({ software, subgroupSize }: Caps): boolean {
  return software && subgroupSize > 0 && subgroupSize % 4 === 0;
}

export interface Product {
  /** Planes. */
  readonly points: number;
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  readonly turnedA: boolean;
  readonly turnedB: boolean;
}

/** The product of every plane: [points, rows, columns], with gaps. */
export function multiply(device: Device, a: Tensor, b: Tensor, p: Product, label: string): Tensor {
  const c = emptyPlanes(device, p.points, p.rows * p.columns);
  multiplyInto(device, { a, b, c }, p, label);
  return c;
}

/** As `multiply`, into `c`. */
export function multiplyInto(
  device: Device,
  tensors: { readonly a: Tensor; readonly b: Tensor; readonly c: Tensor },
  p: Product,
  label: string,
): void {
  const { points, rows, depth, columns } = p;
  const planes = {
    planeA: planeOf(rows * depth, 4),
    planeB: planeOf(depth * columns, 4),
    planeC: planeOf(rows * columns, 4),
  };
  const lanes = device.caps.subgroupSize;
  const overrides = { LANES: lanes, TURNED_A: Number(p.turnedA), TURNED_B: Number(p.turnedB) };
  const grid: Grid = [Math.ceil(rows / 16), Math.ceil(columns / (4 * lanes)), points];
  const params = { rows, depth, columns, ...planes };
  launch(device, shaders.winogradProduct, 'main', { ...tensors }, params, grid, { overrides }, label);
}
