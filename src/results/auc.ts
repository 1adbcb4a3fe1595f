/** @file The area under the ROC curve of several classes, each against the rest, with DeLong's interval. */
import { ShapeError } from '../base/errors.ts';
import { mean } from '../base/statistics.ts';
import { groupBy } from '../data/lists.ts';

export interface Scored {
  /** Number of the class. */
  readonly truth: number;
  /** Of each class, the larger the likelier. */
  readonly scores: ArrayLike<number>;
}

export interface Auc {
  /** Mean over the classes that have cases and others; null where no class has both. */
  readonly macro: number | null;
  /** Of `macro`; null where it cannot be told: a class has one case only. */
  readonly standardError: number | null;
  /** About `macro`; null without a standard error above 0, which a perfect order does not give. */
  readonly interval: readonly [low: number, high: number] | null;
  /** Null for a class without cases, or without others. */
  readonly byClass: readonly (number | null)[];
  /** One for each case: their mean is `macro`, and what they vary by is what it varies by. */
  readonly pseudoValues: readonly number[];
}

/** Of a sorted list, the share that lies below a value, those equal to it counted half. */
function shareBelow(sorted: Float64Array, value: number): number {
  const firstNot = (before: (v: number) => boolean): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (before(sorted[middle]!)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return (firstNot((v) => v < value) + firstNot((v) => v <= value)) / 2 / sorted.length;
}

/** A class against the rest. */
interface OneAgainstRest {
  readonly auc: number;
  /** By case: how much it moves the AUC away from its value, 0 on average. */
  readonly influence: readonly number[];
}

/** Null where there are no cases of the class, or no others. */
function against(cases: readonly Scored[], label: number): OneAgainstRest | null {
  const sorted = (own: boolean): Float64Array =>
    Float64Array.from(
      cases.filter(({ truth }) => (truth === label) === own),
      ({ scores }) => scores[label]!,
    ).sort();
  const [own, rest] = [sorted(true), sorted(false)];
  if (own.length === 0 || rest.length === 0) return null;
  const placements = cases.map(({ truth, scores }) =>
    truth === label ? shareBelow(rest, scores[label]!) : 1 - shareBelow(own, scores[label]!),
  );
  const auc = mean(placements.filter((_, i) => cases[i]!.truth === label))!;
  const influence = cases.map(
    ({ truth }, i) => (placements[i]! - auc) / (truth === label ? own.length : rest.length),
  );
  return { auc, influence };
}

/** Var of a sum of independent terms, the numbers of cases of each class given; null where a class has one case. */
function varianceOf(cases: readonly Scored[], influence: readonly number[]): number | null {
  const groups = [...groupBy([...cases.keys()], (i) => cases[i]!.truth).values()];
  if (groups.some(({ length }) => length < 2)) return null;
  return groups.reduce((sum, group) => {
    const middle = mean(group.map((i) => influence[i]!))!;
    const squares = group.reduce((all, i) => all + (influence[i]! - middle) ** 2, 0);
    return sum + (squares * group.length) / (group.length - 1);
  }, 0);
}

/** The z beyond which a standard normal is with 2.5 %. */
const NORMAL_95 = 1.959963984540054;

/** 95 %, on the scale of log(p / (1 − p)), so that it stays between 0 and 1. */
function logitInterval(value: number, error: number): [number, number] {
  const [middle, reach] = [Math.log(value / (1 - value)), (NORMAL_95 * error) / (value * (1 - value))];
  const back = (logit: number): number => 1 / (1 + Math.exp(-logit));
  return [back(middle - reach), back(middle + reach)];
}

function checkCases(cases: readonly Scored[], classes: number): void {
  for (const { truth, scores } of cases) {
    const finite = Array.from(scores).every(Number.isFinite);
    if (scores.length === classes && finite && Number.isInteger(truth) && truth >= 0 && truth < classes)
      continue;
    throw new ShapeError(
      'macroAuc',
      'cases',
      `hold one of class ${truth} with scores ${Array.from(scores).join(', ')}`,
      `Give ${classes} finite scores and a class from 0 to ${classes - 1}.`,
    );
  }
}

/**
 * Mean over the classes of the area under the ROC curve of each against the rest: the chance that a case of the class
 * scores higher on it than another case, equal scores counted half. Its variance is that of the structural components
 * of DeLong, DeLong & Clarke-Pearson (Biometrics 1988), summed by case over the classes, with as many cases of each class
 * given as there are: for two classes it is theirs. The interval is theirs on the logit scale (Qin & Hotilovac, Stat.
 * Methods Med. Res. 2008).
 * @throws ShapeError for scores that are not finite or not one a class, or an unknown class
 */
export function macroAuc(cases: readonly Scored[], classes: number): Auc {
  checkCases(cases, classes);
  const each = Array.from({ length: classes }, (_, label) => against(cases, label));
  const known = each.filter((one) => one !== null);
  const byClass = each.map((one) => one?.auc ?? null);
  const macro = mean(known.map(({ auc }) => auc));
  if (macro === null) return { macro, standardError: null, interval: null, byClass, pseudoValues: [] };
  const influence = cases.map((_, i) => mean(known.map((one) => one.influence[i]!))!);
  const variance = varianceOf(cases, influence);
  const standardError = variance === null ? null : Math.sqrt(variance);
  return {
    ...{ macro, standardError, byClass },
    interval: standardError && macro < 1 && macro > 0 ? logitInterval(macro, standardError) : null,
    pseudoValues: influence.map((value) => macro + cases.length * value),
  };
}
