/** @file Results: one measured figure each, with all that terminal, report, page and comparisons need to know of it. */

/** One figure, beside that of a trivial predictor. */
export interface Result {
  /** For programs: `orientation.2ch.angleDeg`. */
  readonly key: string;
  /** For people: `2-chamber line, angle`. */
  readonly title: string;
  /** As it stands behind the number: `°`, ` mm`, or nothing. */
  readonly unit: string;
  /** Decimals worth showing. */
  readonly digits: number;
  readonly better: 'lower' | 'higher';
  /** Whether only tables show it, not what is read first. */
  readonly detail?: boolean;
  /** Null where there is nothing to measure. */
  readonly value: number | null;
  /** The trivial predictor's: what one would answer without looking at the image. */
  readonly trivial: number | null;
  /** How the value comes about: `median of 120 images; mean 3.2°`. */
  readonly about: string;
  /** What the value is over. */
  readonly count: number;
  /** Of those, without an answer of the network's; null where none can be missing. */
  readonly missing: number | null;
  /** What a reader must know so that the value does not look better than it is; sentences. */
  readonly notes: readonly string[];
  /** The same figure of each subject that has one. */
  readonly bySubject: ReadonlyMap<string, number>;
}

/**
 * How the value compares with the trivial one: below 1 is better, whichever way the figure points; infinite where only
 * the better of the two is 0; null without both.
 */
export function ratioOf({
  value,
  trivial,
  better,
}: Pick<Result, 'value' | 'trivial' | 'better'>): number | null {
  if (value === null || trivial === null) return null;
  const [above, below] = better === 'lower' ? [value, trivial] : [trivial, value];
  return above === below ? 1 : above / below;
}

/** A number with `digits` decimals and a true minus sign, none before a zero, or a dash where there is no number. */
export function fixed(value: number | null | undefined, digits: number): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text.replace('-', '−');
}

/** `+0.051`, `−0.003`, `0.000` */
export function signed(value: number | null, digits: number): string {
  const text = fixed(value, digits);
  return value !== null && Number(value.toFixed(digits)) > 0 ? `+${text}` : text;
}

/** For tables that align numbers: with `digits` decimals at most. */
export const rounded = (value: number | null, digits: number): number | null =>
  value === null ? null : Number(value.toFixed(digits));

/** `3.01°`, `5.67 mm`, `0.080`, or a dash. */
export const valueText = ({ digits, unit }: Pick<Result, 'digits' | 'unit'>, value: number | null): string =>
  value === null ? '–' : `${fixed(value, digits)}${unit}`;
