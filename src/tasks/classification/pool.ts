/** @file What answers on the studies of several folds come to together: figures that a fold alone has too few studies for. */
import { isRecord } from '../../base/record.ts';
import { macroAuc } from '../../results/auc.ts';
import type { PooledVerdict } from '../task.ts';
import {
  aucResults,
  calibrated,
  calibrationResult,
  calibrationTable,
  confusionOf,
  confusionTable,
  type Judged,
} from './results.ts';

/** What of evaluation.json is read. */
interface Kept {
  readonly classes: readonly string[];
  readonly predictions: readonly {
    readonly subject: string;
    readonly group: string | null;
    readonly images: number;
    readonly predicted: string;
    readonly probabilities: readonly number[];
  }[];
}

const isText = (value: unknown): boolean => typeof value === 'string';

const isPrediction =
  (classes: readonly unknown[]) =>
  (value: unknown): boolean =>
    isRecord(value) &&
    isText(value.subject) &&
    (value.group === null || isText(value.group)) &&
    typeof value.images === 'number' &&
    classes.includes(value.predicted) &&
    Array.isArray(value.probabilities) &&
    value.probabilities.length === classes.length &&
    value.probabilities.every((one) => typeof one === 'number');

/** Whether classification's part of an evaluation has what is pooled; null where no study was looked at. */
export function isPoolable(summary: unknown): boolean {
  if (summary === null) return true;
  if (!isRecord(summary)) return false;
  const { classes, predictions } = summary;
  return (
    Array.isArray(classes) &&
    classes.every(isText) &&
    Array.isArray(predictions) &&
    predictions.every(isPrediction(classes))
  );
}

const judgedIn = ({ classes, predictions }: Kept): Judged[] =>
  predictions.flatMap(({ subject, group, images, predicted, probabilities }) => {
    const truth = classes.indexOf(group ?? '');
    // an order is all that AUC takes of scores
    const said = { scores: probabilities, probabilities, predicted: classes.indexOf(predicted) };
    return truth < 0 ? [] : [{ subject, group, images, truth, ...said }];
  });

const NOTE =
  'Pooled: the probabilities that each fold’s network gives its own test studies are put in one list, and AUC, calibration and who was taken for whom are those of the list. Where a fold tests one study nothing else can be had. AUC then also compares studies of different networks, whose scales differ: it tends to come out below the mean of folds of many studies, and in leave-one-out below one half where nothing was learnt, for a study left out makes its group rarer in training (Forman and Scholz 2010; Airola and others 2011). Both sides of a difference have it.';

/** @param summaries classification's parts of evaluations, each on studies of its own */
export function pooledStudies(summaries: readonly object[]): PooledVerdict {
  const kept = summaries as readonly Kept[];
  const { classes } = kept[0]!;
  const rows = kept.flatMap(judgedIn);
  const auc = macroAuc(rows, classes.length);
  const calibration = calibrated(rows);
  const results = [...aucResults(rows, auc, classes), calibrationResult(rows, calibration.error, null)];
  return {
    results: results.map((result) => ({
      ...result,
      key: result.key.replace('classification.', 'classification.pooled.'),
      title: `${result.title}, folds pooled`,
    })),
    tables: [confusionTable(confusionOf(rows, classes), classes), calibrationTable(calibration)],
    notes: [NOTE],
  };
}
