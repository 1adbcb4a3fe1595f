/** @file Scopes own eager temporaries: `using s = scope()` disposes what was made inside, but for what is kept. */

export interface Disposable {
  dispose(): void;
}

const stack: Scope[] = [];

/** Disposes, at its end, every tensor created since its start that was not kept. Bodies must not interleave. */
export class Scope {
  readonly #owned = new Set<Disposable>();

  constructor() {
    stack.push(this);
  }

  add(item: Disposable): void {
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

/** Opens a scope: `using s = scope();`. */
export function scope(): Scope {
  return new Scope();
}

/** Gives `item` to the innermost scope, if there is one. */
export function own(item: Disposable): void {
  stack.at(-1)?.add(item);
}

/** Takes `item` out of all scopes and returns it: for parameters, optimiser state and step outputs. */
export function disown<T extends Disposable>(item: T): T {
  for (const open of stack) open.release(item);
  return item;
}
