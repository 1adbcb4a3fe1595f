/** @file Runs of an arena: neighbours joined, and the few pieces that gradients leave the device in. */
import type { ArenaRun } from './windows.ts';

/** Quads below which a piece is not worth its messages. */
const LEAST = 4096;
/** Of all gradients a piece has this share, but for the last ones, which have half of what is left each, down to LAST. */
const SHARE = 1 / 4;
const LAST = 1 / 32;

/** Runs in the arena's order, of which those that meet are one. */
export function joined(runs: readonly ArenaRun[]): ArenaRun[] {
  const all: { first: number; quads: number }[] = [];
  for (const { first, quads } of runs) {
    const last = all.at(-1);
    if (last && last.first + last.quads === first) last.quads += quads;
    else all.push({ first, quads });
  }
  return all;
}

/**
 * Pieces from the end to the begin, of whole runs and what lies between them. They depend on the runs alone, so that all
 * ranks have the same.
 */
export function piecesOf(runs: readonly ArenaRun[]): ArenaRun[] {
  const total = runs.reduce((sum, { quads }) => sum + quads, 0);
  let left = total;
  const pieces: { first: number; quads: number; target: number }[] = [];
  for (const { first, quads } of [...runs].reverse()) {
    const last = pieces.at(-1);
    const gap = last ? last.first - first - quads : 0;
    if (last && last.quads < last.target && gap <= LEAST) {
      last.quads += last.first - first;
      last.first = first;
    } else {
      const target = Math.max(LEAST, total * LAST, Math.min(total * SHARE, left / 2));
      pieces.push({ first, quads, target });
    }
    left -= quads;
  }
  return pieces.map(({ first, quads }) => ({ first, quads }));
}
