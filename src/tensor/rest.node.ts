/** @file Waits for Dawn's promises without keeping a core busy. */

/** Milliseconds between two looks: short against any wait that is worth it, long against looking. */
const REST_MS = 0.5;

const cell = new Int32Array(new SharedArrayBuffer(4));
let waiting = 0;
let looping = false;

function rest(): void {
  looping = waiting > 0;
  if (!looping) return;
  Atomics.wait(cell, 0, 0, REST_MS);
  setImmediate(rest);
}

/**
 * The promise, while this thread sleeps between two turns of its event loop. Dawn looks for finished work once a turn,
 * and without this turns as fast as it can as long as a promise is pending: that takes a core from a software adapter.
 */
export async function restfully<T>(promise: Promise<T>): Promise<T> {
  waiting++;
  // One loop for all, which may still turn from the wait before.
  if (!looping) setImmediate(rest);
  looping = true;
  try {
    return await promise;
  } finally {
    waiting--;
  }
}
