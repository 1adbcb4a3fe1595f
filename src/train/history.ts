/** @file Losses of the newest steps on the device, read a burst at a time while later steps already run. */
import type { StepOutputs } from '../autograd/step.ts';
import { zeros } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { disown } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Steps whose losses the device remembers until the host asks for them. */
export const HISTORY_STEPS = 256;

/** A ring of rows on the device, one a step, of the step's single-element outputs. */
export class History<Column extends string> {
  readonly #device: Device;
  readonly #columns: readonly Column[];
  readonly #rows: Tensor;

  constructor(device: Device, columns: readonly Column[]) {
    this.#device = device;
    this.#columns = columns;
    this.#rows = disown(zeros(device, [HISTORY_STEPS * columns.length], 'f32', 'history'));
  }

  /** Adds to a step's commands the copies of its outputs into row `index`; those it does not have keep what was there. */
  remember(encoder: GPUCommandEncoder, outputs: StepOutputs, index: number): void {
    const { buffer } = this.#rows.storage;
    const row = 4 * this.#columns.length * (index % HISTORY_STEPS);
    for (const [place, name] of this.#columns.entries()) {
      const source = outputs[name];
      if (!source) continue;
      encoder.copyBufferToBuffer(source.storage.buffer!, source.offset, buffer!, row + 4 * place, 4);
    }
  }

  /**
   * Rows first … last (at most HISTORY_STEPS) as the steps launched so far leave them. The function that comes back
   * waits for them; steps launched before it is called do not change what it gives.
   */
  ask(first: number, last: number): () => Promise<Record<Column, number>[]> {
    const wait = this.#device.readLater(this.#rows.storage.buffer!, this.#rows.offset, this.#rows.byteLength);
    return async () => {
      const values = new Float32Array(await wait());
      return Array.from({ length: last - first + 1 }, (_, i) => {
        const row = ((first + i) % HISTORY_STEPS) * this.#columns.length;
        const cells = this.#columns.map((name, place) => [name, values[row + place]!]);
        return Object.fromEntries(cells) as Record<Column, number>;
      });
    };
  }

  dispose(): void {
    this.#rows.dispose();
  }
}
