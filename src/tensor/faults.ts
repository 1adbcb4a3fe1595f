/**
 * @file Faults: mistakes in values, which only a kernel sees, such as a label that is no class. Kernels note them in
 * words on the device (shaders/include/faults.wgsl), and every sync point of the host reads the words and throws.
 */
import type { Device } from './device.ts';
import { Storage } from './memory.ts';
import { disown } from './scope.ts';
import { Tensor } from './tensor.ts';

/**
 * A mistake that a kernel looks for. Faults of one `key` are the same; `explain` makes the error to throw of what the
 * kernel noted, which is never 0.
 */
interface Fault {
  readonly key: string;
  explain(noted: number): Error;
}

/** Where a kernel notes a fault: its binding `faults`, and its parameter `fault`, the place in it. */
export interface FaultPlace {
  readonly faults: Tensor;
  readonly fault: number;
}

const WORDS = 64;
const BYTES = 4 * WORDS;

/** A copy of all words as they were at a sync point, on its way to the host. */
interface Copy {
  readonly staging: GPUBuffer;
  words?: Promise<Uint32Array>;
}

/**
 * The faults of one device. A fault is thrown once, by the first sync point after it, and the device stays usable. Costs
 * nothing until a kernel that looks for one is launched or recorded, and from then on a copy of 256 bytes a sync point.
 */
export class Faults {
  readonly #device: Device;
  /** By the place of their words. */
  readonly #known: Fault[] = [];
  readonly #places = new Map<string, number>();
  /** Each holds the words of 64 faults. */
  readonly #pages: Tensor[] = [];
  /** Copies that no sync point has looked at, the oldest first. */
  readonly #copies: Copy[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  /** Where kernels note a fault: real also while a step is being recorded, counted nowhere, and no one's to dispose. */
  placeOf(fault: Fault): FaultPlace {
    const place = this.#places.get(fault.key) ?? this.#add(fault);
    return { faults: this.#pages[Math.floor(place / WORDS)]!, fault: place % WORDS };
  }

  #add(fault: Fault): number {
    const place = this.#known.push(fault) - 1;
    this.#places.set(fault.key, place);
    if (place % WORDS === 0) this.#pages.push(this.#page());
    return place;
  }

  #page(): Tensor {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.#device.gpu.createBuffer({ size: BYTES, usage, label: 'faults' });
    const storage = new Storage(BYTES, 'faults', buffer, () => {});
    return disown(new Tensor(this.#device, storage, { shape: [WORDS], dtype: 'u32' }, 'faults'));
  }

  /**
   * Encodes a copy of the words as the commands so far leave them, clears them, and gives a function that throws what
   * was noted by then; undefined where nothing can have been.
   */
  collect(encoder: GPUCommandEncoder): (() => Promise<void>) | undefined {
    if (this.#pages.length === 0) return undefined;
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const size = BYTES * this.#pages.length;
    const copy: Copy = { staging: this.#device.gpu.createBuffer({ size, usage, label: 'faults' }) };
    for (const [i, page] of this.#pages.entries()) {
      encoder.copyBufferToBuffer(page.storage.buffer!, 0, copy.staging, BYTES * i, BYTES);
      encoder.clearBuffer(page.storage.buffer!);
    }
    this.#copies.push(copy);
    return () => this.#expectNone(copy);
  }

  /** Throws the first fault up to a copy: older ones may be left by reads that nobody waited for. */
  async #expectNone(last: Copy): Promise<void> {
    const due = this.#copies.slice(0, this.#copies.indexOf(last) + 1);
    const words = await Promise.all(due.map(wordsIn));
    const errors = due.flatMap((copy, i) => this.#claim(copy, words[i]!));
    if (errors[0]) throw errors[0];
  }

  /** The faults of a copy, for whoever comes first. */
  #claim(copy: Copy, words: Uint32Array): Error[] {
    const index = this.#copies.indexOf(copy);
    if (index < 0) return [];
    this.#copies.splice(index, 1);
    copy.staging.destroy();
    return this.#known.flatMap((fault, place) => (words[place] ? [fault.explain(words[place])] : []));
  }
}

function wordsIn(copy: Copy): Promise<Uint32Array> {
  copy.words ??= copy.staging
    .mapAsync(GPUMapMode.READ)
    .then(() => new Uint32Array(copy.staging.getMappedRange().slice(0)));
  return copy.words;
}
