/** @file Learning rate over a run. */

export const schedules = ['constant', 'cosine', 'step'] as const;
export type Schedule = (typeof schedules)[number];

/** Parts of the run that `step` divides it into, and the factor between one part and the next (paper §3). */
const PARTS = 5;
const PART_FACTOR = 0.3;

/**
 * The learning rate of step `step` (from 1) of `steps`: `constant`; `cosine` from `base` down to nearly 0; `step` as
 * the schedule of Zhang et al. really ran, ×0.3 after each fifth of the run.
 */
export function learningRateAt(schedule: Schedule, base: number, step: number, steps: number): number {
  const done = (step - 1) / steps;
  switch (schedule) {
    case 'constant':
      return base;
    case 'cosine':
      // Engines differ in the last bit of a cosine; 12 digits are the same in all, and more than float32 has.
      return Number((0.5 * base * (1 + Math.cos(Math.PI * done))).toPrecision(12));
    case 'step':
      return base * PART_FACTOR ** Math.min(PARTS - 1, Math.floor(done * PARTS));
  }
}
