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
  /** What gradients are sent as to be summed, default `f32`; `f16`: as halves in blocks that have exponents of their own. */
  readonly gradientSums?: 'f32' | 'f16';
}

/** Notes sums over the ranks, in place, that are due at this place of the launches. */
export interface SumNotes {
  /** @param factor on each rank's part */
  sum(tensor: Tensor, factor: number): void;
  /** Of parts in this order, each of which may begin as soon as nothing before here writes it any more. */
  early(parts: readonly Tensor[]): void;
}

interface Shared {
  readonly share: Share;
  readonly notes: SumNotes;
}

const shares = new WeakMap<Device, Shared>();

/** Has steps of a device be shared from here on; null: no more. For whoever records steps. */
export function setShare(device: Device, shared: Shared | null): void {
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
  shares.get(tensor.device)?.notes.sum(tensor, factor);
}

/**
 * As `sumOverRanks`, of parts that are done before this place: ranks sum them while the device is at the launches between.
 * The sums come here. All ranks give the same parts in the same order.
 */
export function sumEarly(device: Device, parts: readonly Tensor[]): void {
  shares.get(device)?.notes.early(parts);
}

/** Throws CaptureError where the batch is shared out, of a computation that needs all of its rows. */
export function expectWholeBatch(device: Device, what: string): void {
  if (shareOf(device)) throw new CaptureError(`${what} needs the whole batch. Train it with one process.`);
}

/** Throws ShapeError for what is no share of a batch. */
export function expectShare(share: unknown): void {
  if (share === undefined) return;
  const { rank, size, first, count, total, gradientSums } = (share ?? {}) as Readonly<
    Record<string, unknown>
  >;
  const whole = [rank, size, first, count, total].every((one) => Number.isInteger(one));
  if (whole && [undefined, 'f32', 'f16'].includes(gradientSums as string | undefined)) return;
  const fix =
    'Whole numbers rank, size, first, count and total are needed, and gradientSums f32 or f16, if any.';
  throw new ShapeError('capture', 'share', `is ${describe(share)}`, fix);
}
