/** @file A step that several processes, ranks, do together: each its rows of the batch, with sums over all of them in between. */
import { describe } from '../../base/describe.ts';
import { CaptureError, ShapeError } from '../../base/errors.ts';
import type { Device } from '../../tensor/device.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** What a rank has of a batch. */
export interface Share {
  readonly rank: number;
  /** Ranks. */
  readonly size: number;
  /** The first of its examples, counted in the whole batch. */
  readonly first: number;
  /** Its examples, 1 at least. */
  readonly count: number;
  /** Examples of the whole batch. */
  readonly total: number;
  /** Whether batch norm takes mean and variance of the whole batch instead of the rank's rows. */
  readonly syncBatchNorm: boolean;
}

/** A sum over the ranks, in place, noted where it is due among the launches. */
export type NoteSum = (tensor: Tensor, factor: number) => void;

const shares = new WeakMap<Device, { readonly share: Share; readonly note: NoteSum }>();

/** Has steps of a device be shared from here on; null: no more. For whoever records steps. */
export function setShare(
  device: Device,
  shared: { readonly share: Share; readonly note: NoteSum } | null,
): void {
  if (shared) shares.set(device, shared);
  else shares.delete(device);
}

/** What the step that is being recorded has of a batch; undefined where that is all of it. */
export const shareOf = (device: Device): Share | undefined => shares.get(device)?.share;

/**
 * Sums a tensor (f32) over the ranks in place, in their order, at this place of the step; alone nothing happens. What a
 * kernel sums over the rows of a batch goes through here, or is refused by `expectWholeBatch`.
 * @param factor on each rank's part
 */
export function sumOverRanks(tensor: Tensor, factor = 1): void {
  shares.get(tensor.device)?.note(tensor, factor);
}

/** Throws CaptureError where the batch is shared out, of a computation that needs all of its rows. */
export function expectWholeBatch(device: Device, what: string): void {
  if (shareOf(device)) throw new CaptureError(`${what} needs the whole batch. Train it with one process.`);
}

/** Throws ShapeError for what is no share of a batch. */
export function expectShare(share: unknown): void {
  if (share === undefined) return;
  const { rank, size, first, count, total } = (share ?? {}) as Readonly<Record<string, unknown>>;
  const whole = [rank, size, first, count, total].every((one) => Number.isInteger(one));
  if (whole) return;
  const fix = 'Whole numbers rank, size, first, count and total are needed.';
  throw new ShapeError('capture', 'share', `is ${describe(share)}`, fix);
}
