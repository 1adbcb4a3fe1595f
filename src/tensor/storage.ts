/** @file A storage: device bytes with their owners, and when which of them were written. */
import { CaptureError } from '../base/errors.ts';

/** Which bytes of a storage a tensor is: `bytes` from `offset` on, and of pixels `pitch` wide some channels only. */
export interface Region {
  readonly offset: number;
  readonly bytes: number;
  /** In elements; all of the pixel where pitch is 0. */
  readonly start: number;
  readonly channels: number;
  readonly pitch: number;
}

function overlap(a: Region, b: Region): boolean {
  if (a.offset >= b.offset + b.bytes || b.offset >= a.offset + a.bytes) return false;
  const aligned = a.pitch > 0 && a.pitch === b.pitch && a.offset === b.offset;
  return !aligned || (a.start < b.start + b.channels && b.start < a.start + a.channels);
}

const same = (a: Region, b: Region): boolean =>
  a.offset === b.offset && a.bytes === b.bytes && a.start === b.start && a.channels === b.channels;

/** For what a captured step made and did not return, or returned and took along when it was disposed. */
export function confined(label: string): CaptureError {
  return new CaptureError(
    `${label} lives only within its captured step. Return it from the step, and use it while that is not disposed.`,
  );
}

/** For an output of a captured step that was read before the step's first run, and for what `empty` made. */
export function unwritten(label: string): CaptureError {
  return new CaptureError(
    `${label} was read before anything was written to it. Where it is an output of a captured step, run() that first.`,
  );
}

/**
 * A run of device bytes with an owner count. `buffer` is undefined while a step is being recorded: the planner
 * gives it one afterwards.
 */
export class Storage {
  buffer: GPUBuffer | undefined;
  readonly bytes: number;
  readonly label: string;
  readonly #free: (storage: Storage) => void;
  #owners = 1;
  /** Captured steps that read or write it. */
  #holders = 0;
  #clock = 0;
  /** The last write of each region. */
  readonly #writes: { readonly region: Region; at: number }[] = [];

  constructor(bytes: number, label: string, buffer: GPUBuffer | undefined, free: (storage: Storage) => void) {
    this.bytes = bytes;
    this.label = label;
    this.buffer = buffer;
    this.#free = free;
  }

  get alive(): boolean {
    return this.#owners > 0;
  }

  retain(): this {
    this.#owners++;
    return this;
  }

  release(): void {
    if (--this.#owners === 0 && this.#holders === 0) this.#free(this);
  }

  /** Keeps the bytes for a captured step, which is no owner: `alive` still says whether there is one. */
  hold(): this {
    this.#holders++;
    return this;
  }

  unhold(): void {
    if (--this.#holders === 0 && this.#owners === 0) this.#free(this);
  }

  /** Number of writes so far, by kernels and by the host. */
  get clock(): number {
    return this.#clock;
  }

  /** Whether anything was: of what a captured step made, by its runs. */
  get written(): boolean {
    return this.#writes.length > 0;
  }

  /** Notes a write. */
  wrote(region: Region): void {
    const at = ++this.#clock;
    const before = this.#writes.find((write) => same(write.region, region));
    if (before) before.at = at;
    else this.#writes.push({ region, at });
  }

  /**
   * Gives a function that forgets the writes from here on: of launches that were recorded, and not run. The clock goes
   * on, so that what is compared with it does not take a later write for an earlier one.
   */
  mark(): () => void {
    const before = this.#writes.map((write) => ({ ...write }));
    return () => {
      this.#writes.splice(0, this.#writes.length, ...before);
    };
  }

  /** Whether any of the region was written since the clock stood at `clock`. */
  writtenSince(region: Region, clock: number): boolean {
    return (
      this.#clock > clock && this.#writes.some((write) => write.at > clock && overlap(write.region, region))
    );
  }
}
