/** @file Who owns device bytes: reference-counted storages over a pool of buffers, with live-bytes accounting. */
import { OutOfMemoryError } from '../base/errors.ts';
import { Storage } from './storage.ts';

export { type Region, Storage } from './storage.ts';

const ALIGNMENT = 256;

function aligned(bytes: number): number {
  return Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
}

/** Bytes a storage of `bytes` occupies: fine steps for small sizes, eighths of a power of two above. */
export function sizeClass(bytes: number): number {
  const step = bytes <= 1 << 16 ? ALIGNMENT : 2 ** (Math.floor(Math.log2(bytes)) - 3);
  return Math.max(ALIGNMENT, Math.ceil(bytes / step) * step);
}

/** How many times the bytes in use at their peak may be held in all: in use, and pooled for whoever comes next. */
const MOST_HELD = 2;

/**
 * Allocates storages. Buffers go back to a pool: the device's queue runs in order, so reuse needs no wait. Those longest
 * unused are destroyed where in use and pooled bytes together come to more than twice the peak in use.
 */
export class Memory {
  /** While set, new storages are virtual and are handed to this callback (a step is being recorded). */
  virtualize: ((storage: Storage) => void) | undefined;
  /** While set, told of each storage that gets a buffer: a captured step keeps its constants, tests poison them. */
  onAllocate: ((storage: Storage) => void) | undefined;
  readonly #device: GPUDevice;
  readonly #onError: (error: Error) => void;
  /** Submits what is recorded: it may use buffers that are about to be destroyed. */
  readonly #flush: () => void;
  /** Pooled buffers by size, the one used last at the end. */
  readonly #pool = new Map<number, GPUBuffer[]>();
  /** Pooled buffers and their sizes, the longest unused first. */
  readonly #unused = new Map<GPUBuffer, number>();
  readonly #live = new Set<Storage>();
  /** Buffers whose creation failed: they are invalid for good. */
  readonly #failed = new WeakSet<GPUBuffer>();
  #liveBytes = 0;
  #peakBytes = 0;
  #pooledBytes = 0;
  /** The most bytes in use since the last trim: what the pool is measured by. */
  #mostBytes = 0;
  /** Bytes held when an allocation failed: from there on the pool is let go first. */
  #refusedAt = Number.POSITIVE_INFINITY;

  constructor(device: GPUDevice, onError: (error: Error) => void, flush: () => void = () => {}) {
    this.#device = device;
    this.#onError = onError;
    this.#flush = flush;
  }

  /** Bytes of storages with an owner, rounded up as allocated. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  get peakBytes(): number {
    return this.#peakBytes;
  }

  get pooledBytes(): number {
    return this.#pooledBytes;
  }

  resetPeak(): void {
    this.#peakBytes = this.#liveBytes;
  }

  /** A storage of at least `bytes`; its content is undefined. Virtual while a step is being recorded. */
  allocate(bytes: number, label: string): Storage {
    if (!this.virtualize) return this.allocateReal(bytes, label);
    // Not rounded to a class: the planner lets storages of any size share.
    const storage = new Storage(aligned(bytes), label, undefined, () => {});
    this.virtualize(storage);
    return storage;
  }

  /**
   * A storage with a buffer behind it even while a step is being recorded; `exact` rounds its size to no class,
   * `windowed` lets it be larger than a binding.
   */
  allocateReal(bytes: number, label: string, { exact = false, windowed = false } = {}): Storage {
    const size = exact ? aligned(bytes) : sizeClass(bytes);
    const buffer = this.#reuse(size) ?? this.#create(size, label, windowed);
    const storage = new Storage(size, label, buffer, (freed) => this.#recycle(freed));
    this.#live.add(storage);
    this.#liveBytes += size;
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
    this.#mostBytes = Math.max(this.#mostBytes, this.#liveBytes);
    this.#bound();
    this.onAllocate?.(storage);
    return storage;
  }

  /** Destroys every pooled buffer, and forgets the peak that the pool is measured by; call when the shapes in use have changed for good. */
  trim(): void {
    this.#shrink(0);
    this.#mostBytes = this.#liveBytes;
  }

  /** The largest live storages, one a line, for error messages. */
  table(rows = 10): string {
    const largest = [...this.#live].sort((a, b) => b.bytes - a.bytes).slice(0, rows);
    const lines = largest.map((storage) => `  ${String(storage.bytes).padStart(12)}  ${storage.label}`);
    return [...lines, `  ${String(this.#liveBytes).padStart(12)}  total of ${this.#live.size} storages`].join(
      '\n',
    );
  }

  /**
   * Throws OutOfMemoryError where no buffer of the adapter holds so many bytes: ask before values are made on the host,
   * whose memory they might exhaust.
   */
  expectFits(bytes: number, label: string, windowed = false): void {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#device.limits;
    const limit = windowed ? maxBufferSize : Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (bytes > limit)
      throw new OutOfMemoryError(`${label} (the adapter's limit is ${limit})`, bytes, this.table());
  }

  #create(size: number, label: string, windowed: boolean): GPUBuffer {
    this.expectFits(size, label, windowed);
    if (this.#liveBytes + this.#pooledBytes + size >= this.#refusedAt) this.trim();
    this.#device.pushErrorScope('out-of-memory');
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.#device.createBuffer({ size, usage, label });
    const table = this.table();
    const held = this.#liveBytes + this.#pooledBytes + size;
    this.#device.popErrorScope().then(
      (error) => {
        if (!error) return;
        this.#discard(buffer);
        // The next attempt finds the bytes that lay idle.
        this.#refusedAt = Math.min(this.#refusedAt, held);
        this.trim();
        this.#onError(new OutOfMemoryError(label, size, table));
      },
      () => {},
    );
    return buffer;
  }

  /** The buffer of this size that was used last, if any is pooled. */
  #reuse(size: number): GPUBuffer | undefined {
    const last = this.#pool.get(size)?.at(-1);
    if (last) this.#unpool(last);
    return last;
  }

  /** Takes a buffer out of the pool, if it is in it. */
  #unpool(buffer: GPUBuffer): void {
    const size = this.#unused.get(buffer);
    if (size === undefined) return;
    this.#unused.delete(buffer);
    const buffers = this.#pool.get(size)!;
    buffers.splice(buffers.lastIndexOf(buffer), 1);
    this.#pooledBytes -= size;
  }

  /** Destroys pooled buffers, the longest unused first, down to `most` bytes. */
  #shrink(most: number): void {
    if (this.#pooledBytes <= most) return;
    this.#flush();
    for (const buffer of this.#unused.keys()) {
      if (this.#pooledBytes <= most) return;
      this.#unpool(buffer);
      buffer.destroy();
    }
  }

  /** Sees to it that a buffer whose creation failed is in no pool, now or when its owners let it go. */
  #discard(buffer: GPUBuffer): void {
    this.#failed.add(buffer);
    this.#unpool(buffer);
  }

  #recycle(storage: Storage): void {
    this.#live.delete(storage);
    this.#liveBytes -= storage.bytes;
    const buffer = storage.buffer!;
    storage.buffer = undefined;
    if (this.#failed.has(buffer)) return;
    const buffers = this.#pool.get(storage.bytes) ?? [];
    buffers.push(buffer);
    this.#pool.set(storage.bytes, buffers);
    this.#unused.set(buffer, storage.bytes);
    this.#pooledBytes += storage.bytes;
    this.#bound();
  }

  #bound(): void {
    this.#shrink(Math.max(0, MOST_HELD * this.#mostBytes - this.#liveBytes));
  }
}
