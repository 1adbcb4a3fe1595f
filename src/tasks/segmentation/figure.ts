/** @file The figure by which validations choose weights: Dice over all their pixels at once, as nnU-Net watches it. */
import { mean } from '../../base/statistics.ts';
import type { Sample } from '../../data/sample.ts';
import type { Head } from '../../models/heads.ts';
import { blockOf, likeliest } from '../outputs.ts';
import type { Figure, HostOutputs, Tally } from '../task.ts';
import { isMeasurable } from './classes.ts';

/** Pixels of a class. */
interface Counts {
  both: number;
  /** Predicted and true together. */
  sum: number;
}

class DiceTally implements Tally {
  readonly #head: Head;
  readonly #size: number;
  readonly #counts: readonly Counts[];

  constructor(head: Head, size: number) {
    this.#head = head;
    this.#size = size;
    this.#counts = Array.from({ length: head.channels }, () => ({ both: 0, sum: 0 }));
  }

  add(outputs: HostOutputs, samples: readonly Sample[]): void {
    const values = blockOf(outputs, this.#head, samples.length, [this.#size, this.#size]);
    const each = values.length / samples.length;
    for (const [row, sample] of samples.entries())
      if (isMeasurable(sample))
        this.#count(
          likeliest(values.subarray(row * each, (row + 1) * each), this.#head.channels),
          sample.mask()!,
        );
  }

  value(): number | null {
    return mean(this.#counts.slice(1).flatMap(({ both, sum }) => (sum > 0 ? [(2 * both) / sum] : [])));
  }

  #count(predicted: Uint8Array, truth: Uint8Array): void {
    for (const [i, label] of truth.entries()) {
      const counts = this.#counts[label];
      // what is not known counts neither way
      if (!counts) continue;
      counts.sum++;
      this.#counts[predicted[i]!]!.sum++;
      if (predicted[i] === label) counts.both++;
    }
  }
}

/** The mean over the structures of 2·|P ∩ T| / (|P| + |T|), P and T being all pixels of all images. */
export const pooledDice = (head: Head, size: number): Figure => ({
  title: 'Dice of all pixels',
  digits: 3,
  better: 'higher',
  begin: () => new DiceTally(head, size),
});
