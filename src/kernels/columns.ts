/** @file Tensors as columns that are reduced: runs of neighbouring axes, and the launches that reduce them in strips. */
import { empty } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import type { DType } from '../tensor/dtype.ts';
import { elementCount, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** x as [outer, reduced, inner]: one run of neighbouring axes that is reduced. */
export interface Column {
  readonly outer: number;
  readonly reduced: number;
  readonly inner: number;
}

/** The shape with the reduced axes at size 1. */
export function keptShape(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

/** The shape of a reduction's result. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean | undefined): number[] {
  return keepDims ? keptShape(shape, axes) : shape.filter((_, axis) => !axes.includes(axis));
}

/** The runs of reduced axes, last first, each as it finds the tensor after those before it; at least one. */
export function columnsOf(shape: Shape, axes: readonly number[]): Column[] {
  const columns: Column[] = [];
  let inner = 1;
  for (let end = shape.length; end > 0; ) {
    let start = end;
    while (start > 0 && (axes.includes(start - 1) || shape[start - 1] === 1)) start--;
    const reduced = elementCount(shape.slice(start, end));
    if (reduced !== 1) columns.push({ outer: elementCount(shape.slice(0, start)), reduced, inner });
    end = start - 1;
    if (end >= 0) inner *= shape[end]!;
  }
  return columns.length ? columns : [{ outer: 1, reduced: 1, inner: elementCount(shape) }];
}

/** How many strips to cut columns into: enough to keep the device busy, long enough to be worth it; 1 ends the sum. */
function partsOf({ caps }: Device, { outer, reduced, inner }: Column): number {
  if (reduced <= (caps.software ? 1024 : 128)) return 1;
  const wanted = Math.ceil((caps.software ? 512 : 1 << 17) / (outer * inner));
  return Math.max(1, Math.min(wanted, Math.ceil(reduced / 64)));
}

/** One launch: strips of a column, each summed to one part. */
export interface Stage extends Column {
  readonly parts: number;
}

/** The launches that reduce a column to one part. Rows of whole vec4s are cut into four columns first if `quads`. */
export function stagesOf(device: Device, column: Column, quads: boolean): Stage[] {
  const parts = partsOf(device, column);
  const { outer, reduced, inner } = column;
  if (parts === 1) return [{ ...column, parts }];
  if (quads && inner === 1 && reduced % 4 === 0) {
    const stage = { outer, reduced: reduced / 4, inner: 4, parts: Math.ceil(parts / 4) };
    return [stage, ...stagesOf(device, { outer, reduced: 4 * stage.parts, inner: 1 }, quads)];
  }
  return [{ ...column, parts }, ...stagesOf(device, { outer, reduced: parts, inner }, quads)];
}

/** Room for a stage's parts. */
export function temporary(device: Device, dtype: DType, { outer, parts, inner }: Stage): Tensor {
  return empty(device, { shape: [outer * parts * inner], dtype }, 'strips');
}
