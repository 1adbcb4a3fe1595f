/** @file Waits for pretrainings that other processes make. */
import { setTimeout as pause } from 'node:timers/promises';
import { writerIn } from '../../data/files/lock.node.ts';
import { beginsWith, type Unit } from './grid.ts';
import { stateOf } from './runs.node.ts';

/** How often it is looked whether another process is done, milliseconds. */
const POLL = 1000;

interface Waiting {
  /** The folder of a run. */
  at(unit: Unit): string;
  say(line: string): void;
  readonly signal: AbortSignal;
}

/** The pretraining that a run cannot yet begin with. */
export function missing(unit: Unit, at: Waiting['at']): Unit | null {
  const made = beginsWith(unit);
  return made && stateOf(at(made)) !== 'done' ? made : null;
}

/**
 * Waits until one of the runs can go on: its pretraining is done, or nobody is at that any more.
 * @returns names of those runs, and of pretrainings that nobody is at; none where it was stopped, or nothing waits
 */
export async function untilAble(
  units: readonly Unit[],
  { at, say, signal }: Waiting,
): Promise<ReadonlySet<string>> {
  const able = new Set<string>();
  const told = new Set<string>();
  while (units.length > 0 && !signal.aborted) {
    for (const unit of units) {
      const made = missing(unit, at);
      const by = made && (await writerIn(at(made)));
      if (!made || by === null) able.add((made ?? unit).name);
      else if (!told.has(made.name)) say(`waiting for ${made.name}, which is being made by ${by.who}`);
      if (made) told.add(made.name);
    }
    if (able.size > 0) break;
    await pause(POLL, undefined, { signal }).catch(() => {});
  }
  return able;
}

/** Waits until nobody is at the run in a folder any more, or it is stopped. */
export async function untilFree(folder: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await writerIn(folder)) !== null)
    await pause(POLL, undefined, { signal }).catch(() => {});
}
