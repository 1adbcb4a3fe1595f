/** @file Warnings about many files, counted by kind. */
import type { Reason } from './types.ts';

/** A kind of warning: the first of it stands for all. */
export interface Warning extends Reason {
  /** The first file it was about. */
  readonly file: string;
  readonly count: number;
}

/** Counts warnings by code: messages of one kind name what differs, and the first stands for all. */
export class Warnings {
  readonly #kinds = new Map<string, Warning>();

  readonly add = (file: string, { code, message }: Reason): void => {
    const known = this.#kinds.get(code) ?? { code, message, file, count: 0 };
    this.#kinds.set(code, { ...known, count: known.count + 1 });
  };

  /** In the order in which their first came. */
  get list(): Warning[] {
    return [...this.#kinds.values()];
  }
}
