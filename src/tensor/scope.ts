/** @file Scopes own eager temporaries: `using s = scope()` disposes what was made inside, but for what is kept. */
import { describe } from '../base/describe.ts';
import { ConfigError } from '../base/errors.ts';

/** What holds memory of the device until it is told to let go. */
export interface Disposable {
  dispose(): void;
}

const stack: Scope[] = [];

/**
 * Disposes, at its end, every tensor created since its start that was not kept. Bodies must not interleave.
 * @example
 * const inner = new Scope();
 * const result = zeros(device, [2]).shape;
 * inner.dispose();
 * result; // [2]
 */
export class Scope {
  readonly #owned = new Set<Disposable>();

  constructor() {
    stack.push(this);
  }

  /** @throws ConfigError for what has no dispose() */
  add(item: Disposable): void {
    if (typeof item?.dispose !== 'function')
      throw new ConfigError(`scope.add got ${describe(item)}. Pass a tensor, or what else has dispose().`);
    this.#owned.add(item);
  }

  /** Hands `item` to the scope around this one, or to the caller where there is none. */
  keep<T extends Disposable>(item: T): T {
    if (this.#owned.delete(item)) stack[stack.indexOf(this) - 1]?.add(item);
    return item;
  }

  /** Whether `item` would be disposed at the scope's end. */
  owns(item: Disposable): boolean {
    return this.#owned.has(item);
  }

  /** Takes `item` out of every scope: its owner is now an object with a life of its own. */
  release(item: Disposable): void {
    this.#owned.delete(item);
  }

  dispose(): void {
    const index = stack.indexOf(this);
    if (index < 0) return;
    stack.splice(index, 1);
    for (const item of this.#owned) item.dispose();
    this.#owned.clear();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * Opens a scope: `using s = scope();`.
 * @example
 * const inner = scope();
 * const x = inner.keep(zeros(device, [2]));
 * const result = x.shape;
 * inner.dispose();
 * result; // [2]
 */
export function scope(): Scope {
  return new Scope();
}

/** Gives `item` to the innermost scope, if there is one. */
export function own(item: Disposable): void {
  stack.at(-1)?.add(item);
}

/** Lets go of `item`: the innermost scope disposes it at its end; where there is none it is disposed at once. */
export function letGo(item: Disposable): void {
  if (stack.length > 0) own(item);
  else item.dispose();
}

/**
 * Takes `item` out of all scopes and returns it: for parameters, optimiser state and step outputs.
 * @example
 * const x = disown(zeros(device, [2]));
 * const result = x.shape;
 * x.dispose();
 * result; // [2]
 */
export function disown<T extends Disposable>(item: T): T {
  for (const open of stack) open.release(item);
  return item;
}
