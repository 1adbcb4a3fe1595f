/** @file Who owns device bytes: reference-counted storages over a pool of buffers, with live-bytes accounting. */
import { OutOfMemoryError } from './errors.ts';

const ALIGNMENT = 256;

function aligned(bytes: number): number {
  return Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
}

/** Bytes a storage of `bytes` occupies: fine steps for small sizes, eighths of a power of two above. */
export function sizeClass(bytes: number): number {
  const step = bytes <= 1 << 16 ? ALIGNMENT : 2 ** (Math.floor(Math.log2(bytes)) - 3);
  return Math.max(ALIGNMENT, Math.ceil(bytes / step) * step);
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
    if (--this.#owners === 0) this.#free(this);
  }
}

/** Allocates storages. Buffers go back to a pool: the device's queue runs in order, so reuse needs no wait. */
export class Memory {
  /** While set, new storages are virtual and are handed to this callback (a step is being recorded). */
  virtualize: ((storage: Storage) => void) | undefined;
  /** While set, told of each storage that gets a buffer: a captured step keeps its constants, tests poison them. */
  onAllocate: ((storage: Storage) => void) | undefined;
  readonly #device: GPUDevice;
  readonly #onError: (error: Error) => void;
  readonly #pool = new Map<number, GPUBuffer[]>();
  readonly #live = new Set<Storage>();
  /** Buffers whose creation failed: they are invalid for good. */
  readonly #failed = new WeakSet<GPUBuffer>();
  #liveBytes = 0;
  #peakBytes = 0;
  #pooledBytes = 0;

  constructor(device: GPUDevice, onError: (error: Error) => void) {
    this.#device = device;
    this.#onError = onError;
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

  /** A storage with a buffer behind it even while a step is being recorded; `exact` rounds its size to no class. */
  allocateReal(bytes: number, label: string, { exact = false } = {}): Storage {
    const size = exact ? aligned(bytes) : sizeClass(bytes);
    const pooled = this.#pool.get(size)?.pop();
    if (pooled) this.#pooledBytes -= size;
    const buffer = pooled ?? this.#create(size, label);
    const storage = new Storage(size, label, buffer, (freed) => this.#recycle(freed));
    this.#live.add(storage);
    this.#liveBytes += size;
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
    this.onAllocate?.(storage);
    return storage;
  }

  /** Destroys every pooled buffer; call when the shapes in use have changed for good. */
  trim(): void {
    for (const buffers of this.#pool.values()) for (const buffer of buffers) buffer.destroy();
    this.#pool.clear();
    this.#pooledBytes = 0;
  }

  /** The largest live storages, one a line, for error messages. */
  table(rows = 10): string {
    const largest = [...this.#live].sort((a, b) => b.bytes - a.bytes).slice(0, rows);
    const lines = largest.map((storage) => `  ${String(storage.bytes).padStart(12)}  ${storage.label}`);
    return [...lines, `  ${String(this.#liveBytes).padStart(12)}  total of ${this.#live.size} storages`].join(
      '\n',
    );
  }

  #create(size: number, label: string): GPUBuffer {
    const limit = Math.min(
      this.#device.limits.maxBufferSize,
      this.#device.limits.maxStorageBufferBindingSize,
    );
    if (size > limit)
      throw new OutOfMemoryError(`${label} (the adapter's limit is ${limit})`, size, this.table());
    this.#device.pushErrorScope('out-of-memory');
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.#device.createBuffer({ size, usage, label });
    const table = this.table();
    this.#device.popErrorScope().then(
      (error) => {
        if (!error) return;
        this.#discard(buffer, size);
        this.#onError(new OutOfMemoryError(label, size, table));
      },
      () => {},
    );
    return buffer;
  }

  /** Sees to it that a buffer whose creation failed is in no pool, now or when its owners let it go. */
  #discard(buffer: GPUBuffer, size: number): void {
    this.#failed.add(buffer);
    const pool = this.#pool.get(size) ?? [];
    const place = pool.indexOf(buffer);
    if (place < 0) return;
    pool.splice(place, 1);
    this.#pooledBytes -= size;
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
    this.#pooledBytes += storage.bytes;
  }
}
