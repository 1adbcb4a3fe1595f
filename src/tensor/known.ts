/** @file What the host knows of a tensor's values: those of small ones, to show them. */
import type { HostArray } from './dtype.ts';
import { formatValues } from './format.ts';
import { formatShape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** Values that the host knows, as of a write clock. */
export interface Known {
  readonly values: HostArray;
  readonly clock: number;
}

/** Tensors with more elements are shown without their values. */
const MOST_KNOWN = 1024;

/** Whether so few values are kept. */
export const isFew = (size: number): boolean => size <= MOST_KNOWN;

/** A copy to keep. */
export const keep = (values: HostArray, clock: number): Known => ({ values: values.slice(), clock });

/** Shape, dtype and the values, if they are still as the host knows them. */
export function show(tensor: Tensor, known: Known | undefined): string {
  const { shape, dtype, disposed } = tensor;
  const valid = known && !disposed && !tensor.storage.writtenSince(tensor.region, known.clock);
  const values = valid ? formatValues(known.values, shape) : undefined;
  const rest = disposed ? 'disposed' : (values ?? 'values on the device: await x.read()');
  return `Tensor ${formatShape(shape)} ${dtype} ${rest}`;
}
