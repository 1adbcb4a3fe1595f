/** @file What the answers on many studies come to: AUC, accuracy, calibration, who was taken for whom. */
import { mean } from '../../base/statistics.ts';
import { listed, plural } from '../../base/words.ts';
import { type Auc, macroAuc } from '../../results/auc.ts';
import { type Calibration, calibrationOf } from '../../results/calibration.ts';
import type { Scatter, Table } from '../../results/mark.ts';
import { fixed, type Result } from '../../results/result.ts';
import { largest } from '../outputs.ts';
import type { Verdict } from '../task.ts';
import type { Study } from './studies.ts';

export interface Asked {
  /** Names of the groups. */
  readonly classes: readonly string[];
  readonly label: string;
  /** Training studies of each class. */
  readonly training: readonly number[];
}

/** A study whose group is one of the classes. */
export interface Judged extends Study {
  readonly truth: number;
  readonly predicted: number;
  readonly probabilities: readonly number[];
}

function judged(studies: readonly Study[], classes: readonly string[]): Judged[] {
  return studies.flatMap((study) => {
    const truth = classes.indexOf(study.group ?? '');
    const probabilities = study.scores.map(Math.exp);
    return truth < 0 ? [] : [{ ...study, truth, predicted: largest(study.scores), probabilities }];
  });
}

const isRight = ({ predicted, truth }: Judged): boolean => predicted === truth;

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Studies by their class, in rows, and by what was said. */
export function confusionOf(rows: readonly Judged[], classes: readonly string[]): number[][] {
  const counts = classes.map(() => classes.map(() => 0));
  for (const { truth, predicted } of rows) counts[truth]![predicted]!++;
  return counts;
}

export const calibrated = (rows: readonly Judged[]): Calibration =>
  calibrationOf(
    rows.map((row) => ({ confidence: Math.min(1, row.probabilities[row.predicted]!), right: isRight(row) })),
  );

/** One answer for all, as sure as it was frequent in training; null where nobody trained. */
function trivialAnswer(rows: readonly Judged[], training: readonly number[]) {
  if (sumOf(training) === 0) return null;
  const answer = largest(training);
  const claims = rows.map(({ truth }) => ({
    confidence: training[answer]! / sumOf(training),
    right: truth === answer,
  }));
  return {
    accuracy: mean(claims.map(({ right }) => Number(right))),
    calibration: calibrationOf(claims).error,
  };
}

/** `95 % interval 0.71 to 0.85` */
const intervalText = ({ interval }: Auc): string =>
  interval ? `; 95 % interval ${interval.map((end) => fixed(end, 3)).join(' to ')}` : '';

/** That of all groups always, without a value where no group has cases and others. */
export function aucResults(rows: readonly Judged[], auc: Auc, classes: readonly string[]): Result[] {
  const common = { unit: '', digits: 3, better: 'higher', trivial: 0.5, missing: null } as const;
  const known = auc.byClass.filter((value) => value !== null).length;
  const all: Result = {
    ...common,
    ...{ key: 'classification.auc', title: 'Classification, AUC', value: auc.macro, count: rows.length },
    about: `mean over ${plural(known, 'group')} of each against the rest, ${rows.length} studies${intervalText(auc)}`,
    notes: [],
    bySubject: new Map(auc.pseudoValues.map((value, i) => [rows[i]!.subject, value])),
  };
  const each = classes.flatMap((name, k): Result[] => {
    const count = rows.filter(({ truth }) => truth === k).length;
    if (auc.byClass[k] === null) return [];
    return [
      {
        ...common,
        ...{ key: `classification.${name}.auc`, title: `${name}, AUC`, value: auc.byClass[k]!, count },
        about: `studies in the group: ${count}; others: ${rows.length - count}`,
        ...{ detail: true, notes: [], bySubject: new Map() },
      },
    ];
  });
  return [all, ...each];
}

function accuracyResult(rows: readonly Judged[], trivial: number | null): Result {
  return {
    key: 'classification.accuracy',
    title: 'Classification, accuracy',
    ...{ unit: '', digits: 3, better: 'higher', missing: null, notes: [] },
    value: mean(rows.map((row) => Number(isRight(row)))),
    trivial,
    about: `share of ${rows.length} studies whose group is told; trivial: the group that is most frequent in training`,
    count: rows.length,
    bySubject: new Map(rows.map((row) => [row.subject, Number(isRight(row))])),
  };
}

export function calibrationResult(
  rows: readonly Judged[],
  error: number | null,
  trivial: number | null,
): Result {
  return {
    key: 'classification.calibrationError',
    title: 'Classification, expected calibration error',
    ...{ unit: '', digits: 3, better: 'lower', missing: null, detail: true, notes: [] },
    ...{ value: error, trivial, count: rows.length, bySubject: new Map() },
    about: `of ${rows.length} studies in 10 bins of confidence; trivial: the most frequent group, as sure as it is frequent`,
  };
}

export function confusionTable(confusion: readonly (readonly number[])[], classes: readonly string[]): Table {
  return {
    title: 'Groups that were told',
    about: 'Studies by their group, in rows, and by what the network says, in columns.',
    columns: ['Group', ...classes.map((name) => `says ${name}`)],
    rows: confusion.map((counts, k) => [classes[k]!, ...counts.map(String)] as const),
  };
}

export function calibrationTable({ bins }: Calibration): Table {
  const rows = bins.filter(({ count }) => count > 0);
  return {
    title: 'Confidence and what is right',
    about:
      'Studies by how likely the network holds its answer. A network that knows itself is right as often as it claims.',
    columns: ['Confidence', 'Studies', 'Mean confidence', 'Share right'],
    rows: rows.map(({ from, to, count, confidence, accuracy }) => [
      `${fixed(from, 1)} to ${fixed(to, 1)}`,
      ...[String(count), fixed(confidence, 3), fixed(accuracy, 3)],
    ]),
  };
}

function calibrationScatter({ bins }: Calibration): Scatter {
  return {
    title: 'Calibration',
    about:
      'Each dot is a bin of confidence: what its studies claim on average, and the share of them that is right.',
    axis: 'share right',
    points: bins.flatMap(({ confidence, accuracy }) =>
      confidence === null || accuracy === null ? [] : [{ predicted: confidence, truth: accuracy }],
    ),
  };
}

const POOLED =
  'A study’s probabilities are the mean of the log-probabilities of all its images, every slice and phase, made to sum to 1. AUC is the chance that a study of a group scores higher on it than another study, averaged over the groups; its interval is DeLong’s, on the logit scale, over studies of as many groups as these.';

/** Names with counts: `ARV (2), DCM (1)`. */
function counted(names: readonly string[]): string {
  const each = [...new Set(names)].sort();
  return listed(each.map((name) => `${name} (${names.filter((one) => one === name).length})`));
}

function caveats(studies: readonly Study[], rows: readonly Judged[], auc: Auc, asked: Asked): string[] {
  const { classes, label, training } = asked;
  const unlabelled = studies.filter(({ group }) => group === null).length;
  const strange = studies.flatMap(({ group }) => (group === null || classes.includes(group) ? [] : [group]));
  const few = classes.filter((_, k) => training[k]! === 1);
  const never = sumOf(training) > 0 ? classes.filter((_, k) => training[k] === 0) : [];
  const absent = classes.filter((_, k) => rows.every(({ truth }) => truth !== k));
  return [
    ...(unlabelled > 0
      ? [`Studies that are not scored, for label ${label} does not say their group: ${unlabelled}.`]
      : []),
    ...(strange.length > 0
      ? [`Studies that are not scored, for the network does not know their group: ${counted(strange)}.`]
      : []),
    ...(few.length > 0 ? [`Groups of which one study alone trains: ${listed(few)}.`] : []),
    ...(never.length > 0 ? [`Groups of which no study trains: ${listed(never)}.`] : []),
    ...(rows.length > 0 && absent.length > 0
      ? [`Groups without a study here, which AUC leaves out: ${listed(absent)}.`]
      : []),
    ...(auc.macro !== null && auc.interval === null
      ? ['The AUC has no interval, for a group has one study only, or the order is perfect.']
      : []),
  ];
}

/** What the network says of every study, known or not, for evaluation.json. */
const predictionsOf = (studies: readonly Study[], classes: readonly string[]) =>
  studies.map(({ subject, group, images, scores }) => ({
    ...{ subject, group, images },
    predicted: classes[largest(scores)]!,
    probabilities: scores.map((score) => Number(Math.exp(score).toPrecision(6))),
  }));

export function outcome(studies: readonly Study[], asked: Asked): Verdict {
  const { classes, label, training } = asked;
  const rows = judged(studies, classes);
  const auc = macroAuc(rows, classes.length);
  const notes = caveats(studies, rows, auc, asked);
  const predictions = predictionsOf(studies, classes);
  if (rows.length === 0)
    return {
      results: [],
      summary: studies.length > 0 ? { label, classes, predictions } : null,
      scatters: [],
      notes,
    };
  const calibration = calibrated(rows);
  const trivial = trivialAnswer(rows, training);
  const confusion = confusionOf(rows, classes);
  const accuracy = accuracyResult(rows, trivial?.accuracy ?? null);
  const { macro, standardError, interval, byClass } = auc;
  return {
    results: [
      ...(auc.macro === null ? [] : aucResults(rows, auc, classes)),
      accuracy,
      calibrationResult(rows, calibration.error, trivial?.calibration ?? null),
    ],
    summary: {
      ...{ label, classes, studies: rows.length },
      auc: { macro, standardError, interval, byClass },
      ...{ accuracy: accuracy.value, trivialAccuracy: accuracy.trivial, confusion },
      ...{ calibration, trainingStudies: training, predictions },
    },
    scatters: [calibrationScatter(calibration)],
    tables: [confusionTable(confusion, classes), calibrationTable(calibration)],
    notes: [POOLED, ...notes],
  };
}
