/** @file The sums over ranks of a captured step: where among its launches they are due, and how they are done. */
import { blockBytes, blocksOf, HalfBlocks } from '../base/halfblocks.ts';
import { packHalves, unpackHalves } from '../kernels/halfBlocks.ts';
import type { Launch } from '../kernels/launch/queue.ts';
import { empty } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { disown } from '../tensor/scope.ts';
import type { Storage } from '../tensor/storage.ts';
import { Tensor } from '../tensor/tensor.ts';

/** A sum that is done while the device is at later launches. */
interface Early {
  /** Launches of the step after which nothing writes there before the sum is due. */
  readonly ready: number;
  /** Whether ranks send one another halves in blocks. */
  readonly halves: boolean;
}

/** A sum over ranks, in place. */
export interface RankSum {
  /** Launches of the step before it. */
  readonly after: number;
  readonly storage: Storage;
  readonly offset: number;
  readonly bytes: number;
  /** On each rank's part. */
  readonly factor: number;
  readonly early?: Early;
}

/**
 * Adds up what every rank has, element by element, in the order of the ranks, in place. Of `HalfBlocks` only with
 * `gradientSums: 'f16'`.
 * @param early of a second row of sums, which all ranks do in one order too, but whenever between those of the first
 */
export type SumOverRanks = (values: Float32Array | HalfBlocks, early: boolean) => Promise<void>;

/** Of a step's sums, ms. */
export interface SumTimes {
  /** In sums over ranks, waiting for the slowest included. */
  readonly ms: number;
  /** Of that, while the device had nothing to do. */
  readonly waitedMs: number;
}

export const rankSumOf = (
  { storage, offset, byteLength }: Tensor,
  after: number,
  how: { readonly factor?: number; readonly early?: Early },
): RankSum => ({ after, storage, offset, bytes: byteLength, factor: 1, ...how });

/** How many launches there are up to the last that writes into a tensor. */
export function readyAfter(launches: readonly Launch[], { storage, offset, byteLength }: Tensor): number {
  const last = launches.findLastIndex(({ slices }) =>
    slices.some(
      (slice) =>
        slice.writes &&
        slice.storage === storage &&
        slice.offset < offset + byteLength &&
        slice.offset + slice.size > offset,
    ),
  );
  return last + 1;
}

/** A part of a buffer. */
export interface Part {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

/** What a run of a step does when so many launches were submitted. */
export interface Moment {
  readonly at: number;
  readonly what: 'begin' | 'now' | 'finish';
  readonly sum: RankSum;
}

/** In order: a sum that may begin before it is due does so first. */
export function momentsOf(sums: readonly RankSum[]): Moment[] {
  const moments = sums.flatMap((sum): Moment[] => {
    const { early, after } = sum;
    if (!early) return [{ at: after, what: 'now', sum }];
    return [
      { at: early.ready, what: 'begin', sum },
      { at: after, what: 'finish', sum },
    ];
  });
  const late = ({ what }: Moment): number => Number(what !== 'begin');
  return moments.sort((a, b) => a.at - b.at || late(a) - late(b));
}

/** An early sum on its way. */
interface Moving {
  began: number;
  ended: number;
  put: () => void;
}

/** The sums of one run of a step. */
export class RunSums {
  readonly #device: Device;
  readonly #sum: SumOverRanks;
  #ms = 0;
  #waitedMs = 0;
  #moving: Moving[] = [];
  /** The early sums so far, one after the other. */
  #row: Promise<void> = Promise.resolve();

  constructor(device: Device, sum: SumOverRanks) {
    this.#device = device;
    this.#sum = sum;
  }

  get times(): SumTimes {
    return { ms: this.#ms, waitedMs: this.#waitedMs };
  }

  /** Takes a part of a buffer to the host once all before is done, sums it and puts it back. */
  async now({ buffer, offset }: Part, { bytes, factor }: RankSum): Promise<void> {
    const values = new Float32Array(await this.#device.read(buffer, offset, bytes));
    if (factor !== 1) for (let i = 0; i < values.length; i++) values[i]! *= factor;
    const began = performance.now();
    await this.#sum(values, false);
    const ms = performance.now() - began;
    this.#ms += ms;
    this.#waitedMs += ms;
    this.#device.write(buffer, offset, new Uint8Array(values.buffer));
  }

  /** Copies a part of a buffer as what was launched so far leaves it, and sums that after the early ones before it. */
  begin(part: Part, sum: RankSum): void {
    if (sum.early!.halves) this.#beginHalves(sum);
    else this.#beginFloats(part, sum);
  }

  #beginFloats({ buffer, offset }: Part, { bytes }: RankSum): void {
    const read = this.#device.readLater(buffer, offset, bytes);
    this.#move(
      async () => new Float32Array(await read()),
      (values) => this.#device.write(buffer, offset, new Uint8Array(values.buffer)),
    );
  }

  #beginHalves(sum: RankSum): void {
    using part = this.#tensorOf(sum);
    const bytes = blockBytes(blocksOf(part.size));
    using packed = this.#words(bytes);
    packHalves(part, packed);
    const read = this.#device.readLater(packed.storage.buffer!, packed.offset, bytes);
    this.#move(
      async () => new HalfBlocks(new Uint8Array(await read())),
      (values) => {
        using summed = this.#words(bytes);
        using into = this.#tensorOf(sum);
        this.#device.write(summed.storage.buffer!, summed.offset, values.bytes);
        unpackHalves(summed, into);
      },
    );
  }

  #move<T extends Float32Array<ArrayBuffer> | HalfBlocks>(
    take: () => Promise<T>,
    put: (values: T) => void,
  ): void {
    const [before, taken] = [this.#row, take()];
    const moving: Moving = { began: 0, ended: 0, put() {} };
    this.#moving.push(moving);
    this.#row = (async () => {
      await before;
      const values = await taken;
      moving.began = performance.now();
      await this.#sum(values, true);
      moving.ended = performance.now();
      moving.put = () => put(values);
    })();
    // who waits for the row hears of it
    for (const promise of [taken, this.#row]) promise.catch(() => {});
  }

  /** Waits for the early sums and puts them where they were taken; everything before they are due was launched. */
  async finish(): Promise<void> {
    if (this.#moving.length === 0) return;
    let idleFrom = Number.POSITIVE_INFINITY;
    const idle = this.#device.sync().then(() => {
      idleFrom = performance.now();
    });
    await Promise.all([this.#row, idle]);
    for (const { began, ended, put } of this.#moving) {
      this.#ms += ended - began;
      this.#waitedMs += Math.max(0, ended - Math.max(began, idleFrom));
      put();
    }
    this.#moving = [];
    this.#device.flush();
  }

  #words(bytes: number): Tensor {
    return disown(empty(this.#device, { shape: [bytes / 4], dtype: 'u32' }, 'gradients as halves'));
  }

  #tensorOf({ storage, offset, bytes }: RankSum): Tensor {
    const spec = { shape: [bytes / 4], dtype: 'f32' as const };
    return disown(new Tensor(this.#device, storage.retain(), spec, storage.label, offset));
  }
}
