/** @file Learning rate over a run. */

export const schedules = ['constant', 'cosine', 'step', 'halving'] as const;
/** Names of the schedules that a configuration may ask for. */
export type Schedule = (typeof schedules)[number];

/** Parts of the run that a schedule divides it into, and the factor between one part and the next. */
const steps = {
  /** As the schedule of Zhang et al. really ran (paper §3). */
  step: { parts: 5, factor: 0.3 },
  /** Their fine-tuning (paper §4): halved every 50 of 500 epochs. */
  halving: { parts: 10, factor: 0.5 },
} as const;

/** What of a configuration decides the learning rate. */
export interface Rates {
  readonly schedule: Schedule;
  readonly learningRate: number;
  readonly steps: number;
  /** Steps of a rise before the schedule begins. */
  readonly warmup: number;
}

/** Of step `step` (from 1) of `of`, as a schedule says. */
function scheduled(schedule: Schedule, base: number, step: number, of: number): number {
  const done = (step - 1) / of;
  switch (schedule) {
    case 'constant':
      return base;
    case 'cosine':
      // Engines differ in the last bit of a cosine; 12 digits are the same in all, and more than float32 has.
      return Number((0.5 * base * (1 + Math.cos(Math.PI * done))).toPrecision(12));
    default: {
      const { parts, factor } = steps[schedule];
      return base * factor ** Math.min(parts - 1, Math.floor(done * parts));
    }
  }
}

/**
 * The learning rate of step `step` (from 1) of a run: for `warmup` steps a straight rise that would begin at 0 before the
 * first step; then, over the steps that are left, `constant`; `cosine` from `learningRate` down to nearly 0; `step`, ×0.3
 * after each fifth; `halving`, ×0.5 after each tenth.
 */
export function learningRateAt({ schedule, learningRate, steps: all, warmup }: Rates, step: number): number {
  if (step <= warmup) return (learningRate * step) / (warmup + 1);
  return scheduled(schedule, learningRate, step - warmup, all - warmup);
}
