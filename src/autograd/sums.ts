/** @file The sums over ranks of a captured step: where among its launches they are due, and how they are done. */
import type { Device } from '../tensor/device.ts';
import type { Storage } from '../tensor/storage.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A sum over ranks, in place. */
export interface RankSum {
  /** Launches of the step before it. */
  readonly after: number;
  readonly storage: Storage;
  readonly offset: number;
  readonly bytes: number;
  /** On each rank's part. */
  readonly factor: number;
}

/** Adds up what every rank has, element by element, in the order of the ranks, in place. */
export type SumOverRanks = (values: Float32Array) => Promise<void>;

export const rankSumOf = (
  { storage, offset, byteLength }: Tensor,
  factor: number,
  after: number,
): RankSum => ({
  ...{ after, storage, offset, factor },
  bytes: byteLength,
});

/** Takes a part of a buffer to the host once all before is done, sums it and puts it back. */
export async function sumPart(
  device: Device,
  place: { readonly buffer: GPUBuffer; readonly offset: number },
  { bytes, factor }: RankSum,
  sum: SumOverRanks,
): Promise<void> {
  const values = new Float32Array(await device.read(place.buffer, place.offset, bytes));
  if (factor !== 1) for (let i = 0; i < values.length; i++) values[i]! *= factor;
  await sum(values);
  device.write(place.buffer, place.offset, new Uint8Array(values.buffer));
}
