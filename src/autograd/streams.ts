/** @file Streams of random bits that tell the dropouts of one step apart, given out in the order of their calls. */
import { GradientError } from '../base/errors.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Automatic streams count from here, so that none meets one that a user named, as long as that is smaller. */
const FIRST = 2 ** 31;

/** How many draws there were from a place since it was last written. */
interface Draws {
  clock: number;
  count: number;
}

/** By the storage and the offset in it. */
type Ledger = WeakMap<object, Map<number, Draws>>;

const eager: Ledger = new WeakMap();
/** A recorded step counts for itself: recorded again, it is the same program. */
const recorded = new WeakMap<object, Ledger>();

/** Lists of the streams that actions are being watched for. */
const watchers: number[][] = [];
/** What is left of the streams that an action draws again. */
let again: number[] | undefined;

function ledgerOf(recording: object | undefined): Ledger {
  if (!recording) return eager;
  const ledger = recorded.get(recording) ?? new WeakMap();
  recorded.set(recording, ledger);
  return ledger;
}

function drawFrom({ device, storage, offset, region }: Tensor): number {
  const ledger = ledgerOf(device.recording);
  const places = ledger.get(storage) ?? new Map<number, Draws>();
  ledger.set(storage, places);
  const { clock } = storage;
  const before = places.get(offset);
  const count = before && !storage.writtenSince(region, before.clock) ? before.count : 0;
  places.set(offset, { clock, count: count + 1 });
  return FIRST + (count % FIRST);
}

function drawAgain(streams: number[]): number {
  const stream = streams.shift();
  if (stream !== undefined) return stream;
  throw new GradientError(
    'recompute: the block calls dropout more often in its second run than in its first. It must do the same each time.',
  );
}

/**
 * The stream of the next dropout that reads `random` ([seed, step], u32): the n-th since that was last written, by the
 * host or a kernel; in a step being captured the n-th of the step. From 2³¹ on.
 */
export function nextStream(random: Tensor): number {
  const stream = again ? drawAgain(again) : drawFrom(random);
  for (const streams of watchers) streams.push(stream);
  return stream;
}

/** Runs `action` and lists the streams that it drew. */
export function recordStreams<T>(action: () => T): {
  readonly result: T;
  readonly streams: readonly number[];
} {
  const streams: number[] = [];
  watchers.push(streams);
  try {
    return { result: action(), streams };
  } finally {
    watchers.splice(watchers.lastIndexOf(streams), 1);
  }
}

/** Runs `action` so that it draws the streams of `recordStreams` again, and none anew. */
export function replayStreams<T>(streams: readonly number[], action: () => T): T {
  const before = again;
  again = [...streams];
  try {
    return action();
  } finally {
    again = before;
  }
}
