/** @file Named random streams for drawing anatomy, and normal numbers for the noise of single pixels; exact arithmetic. */

import { hashText } from '../../base/hash.ts';
import { drawsOf } from '../../base/random.ts';

/** A stream of random numbers for one purpose of one subject. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number, subject: number, stream: string) {
    this.#next = drawsOf(seed, hashText(stream), subject);
  }

  /** Uniform in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.#next();
  }

  /** Uniform in ±half. */
  spread(half: number): number {
    return this.uniform(-half, half);
  }

  /** Uniform in low … high, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform(0, high - low + 1));
  }

  chance(probability: number): boolean {
    return this.uniform(0, 1) < probability;
  }

  /** Normal by the sum of twelve uniforms: no logarithm, so the same on every engine. */
  normal(deviation: number): number {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += this.uniform(0, 1);
    return sum * deviation;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.integer(0, values.length - 1)]!;
  }
}

/** 1 / the standard deviation of the sum of four uniform bytes. */
const BYTES_TO_NORMAL = 1 / Math.sqrt((4 * (256 * 256 - 1)) / 12);

/** A standard normal number (cut at ±3.4) from 32 random bits: the centred sum of their bytes. */
export function normalOfBits(bits: number): number {
  const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
  return (sum - 510) * BYTES_TO_NORMAL;
}
