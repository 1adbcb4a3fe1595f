/** @file Loss curves as columns of numbers, thinned and smoothed, for the report and the page alike. */
import type { StepMetrics, ValidationMetrics } from '../results/losses.ts';

export type LossKey = 'loss' | `${string}Loss`;

type Column = (number | null)[];

/** Steps; training loss; its running mean; validation loss. Null where there is none, or none that a logarithmic axis shows. */
export type CurveColumns = [steps: number[], training: Column, mean: Column, validation: Column];

/** More points than a screen has are averaged. */
const MOST_POINTS = 1500;

/** Means of neighbouring steps, so that a long run draws as fast as a short one. */
function thinned(steps: readonly number[], values: readonly number[]): [steps: number[], values: number[]] {
  const group = Math.ceil(steps.length / MOST_POINTS);
  if (group <= 1) return [[...steps], [...values]];
  const starts = Array.from({ length: Math.ceil(steps.length / group) }, (_, i) => i * group);
  const mean = (all: readonly number[], start: number): number => {
    const part = all.slice(start, start + group);
    return part.reduce((a, b) => a + b, 0) / part.length;
  };
  return [starts.map((s) => Math.round(mean(steps, s))), starts.map((s) => mean(values, s))];
}

/** Centred running mean over a fiftieth of the curve to each side. */
function smoothed(values: readonly number[]): number[] {
  const reach = Math.max(1, Math.round(values.length / 50));
  const sums = [0];
  for (const value of values) sums.push(sums.at(-1)! + value);
  return values.map((_, i) => {
    const [from, to] = [Math.max(0, i - reach), Math.min(values.length, i + reach + 1)];
    return (sums[to]! - sums[from]!) / (to - from);
  });
}

/** Six digits are more than a chart shows. */
const plottable = (value: number | null | undefined): number | null =>
  typeof value === 'number' && value > 0 && Number.isFinite(value) ? Number(value.toPrecision(6)) : null;

/** The columns of one loss; empty where neither log has it. */
export function curveColumns(
  metrics: readonly StepMetrics[],
  validation: readonly ValidationMetrics[],
  key: LossKey,
): CurveColumns {
  const training = metrics.filter((row) => typeof row[key] === 'number');
  const [steps, values] = thinned(
    training.map(({ step }) => step),
    training.map((row) => row[key]!),
  );
  const means = smoothed(values);
  const trained = new Map(steps.map((step, i) => [step, i]));
  const validated = new Map(validation.map((row) => [row.step, row[key]]));
  const all = [...new Set([...steps, ...validated.keys()])].sort((a, b) => a - b);
  const at = (list: readonly number[]) => all.map((step) => plottable(list[trained.get(step) ?? -1]));
  return [all, at(values), at(means), all.map((step) => plottable(validated.get(step)))];
}
