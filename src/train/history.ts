/** @file What the newest steps said, on the device, read a burst at a time while later steps already run. */
import type { StepOutputs } from '../autograd/step.ts';
import { zeros } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { disown } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Steps whose outputs the device remembers until the host asks for them. */
export const HISTORY_STEPS = 256;

/** A step's f32 outputs of one element, and its u32 output `words`. */
export type HistoryRow<Column extends string> = Readonly<Record<Column, number> & { words: Uint32Array }>;

/** A ring of rows on the device, one a step. */
export class History<Column extends string> {
  readonly #device: Device;
  readonly #columns: readonly Column[];
  readonly #words: number;
  readonly #rows: Tensor;

  /** `columns` names outputs of one element of f32; `words` is the number of elements of the u32 output `words`. */
  constructor(device: Device, columns: readonly Column[], words: number) {
    this.#device = device;
    this.#columns = columns;
    this.#words = words;
    this.#rows = disown(zeros(device, [HISTORY_STEPS * this.#pitch], 'f32', 'history'));
  }

  /** Adds to a step's commands the copies of its outputs into row `index`; those it does not have keep what was there. */
  remember(encoder: GPUCommandEncoder, outputs: StepOutputs, index: number): void {
    const { buffer } = this.#rows.storage;
    const row = 4 * this.#pitch * (index % HISTORY_STEPS);
    const copy = (source: Tensor | undefined, place: number, elements: number): void => {
      if (!source) return;
      const { storage, offset } = source;
      encoder.copyBufferToBuffer(storage.buffer!, offset, buffer!, row + 4 * place, 4 * elements);
    };
    for (const [place, name] of this.#columns.entries()) copy(outputs[name], place, 1);
    copy(outputs.words, this.#columns.length, this.#words);
  }

  /**
   * Rows first … last (at most HISTORY_STEPS) as the steps launched so far leave them. The function that comes back
   * waits for them; steps launched before it is called do not change what it gives.
   */
  ask(first: number, last: number): () => Promise<HistoryRow<Column>[]> {
    const wait = this.#device.readLater(this.#rows.storage.buffer!, this.#rows.offset, this.#rows.byteLength);
    return async () => {
      const bytes = await wait();
      return Array.from({ length: last - first + 1 }, (_, i) =>
        this.#row(bytes, (first + i) % HISTORY_STEPS),
      );
    };
  }

  dispose(): void {
    this.#rows.dispose();
  }

  get #pitch(): number {
    return this.#columns.length + this.#words;
  }

  #row(bytes: ArrayBuffer, index: number): HistoryRow<Column> {
    const begin = 4 * index * this.#pitch;
    const numbers = new Float32Array(bytes, begin, this.#columns.length);
    const cells = this.#columns.map((name, place) => [name, numbers[place]!]);
    const words = new Uint32Array(bytes, begin + 4 * this.#columns.length, this.#words);
    return { ...(Object.fromEntries(cells) as Record<Column, number>), words } as HistoryRow<Column>;
  }
}
