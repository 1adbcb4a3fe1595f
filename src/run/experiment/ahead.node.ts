/** @file What only the data of an experiment tell, told before its first run rather than hours later. */
import { samplesOf } from '../../data/sample.ts';
import { imagesOf } from '../../data/split.ts';
import type { TrainingData } from '../../data/types.ts';
import { type RecordedResult, recordedResult } from '../../results/experiment.ts';
import { apart } from '../../train/judge.ts';
import { planRun } from '../plan.ts';
import type { BegunExperiment } from './begin.node.ts';
import { baseConfig } from './configs.ts';
import type { TargetData } from './data.node.ts';
import type { Point, Unit } from './grid.ts';
import { mainOf } from './outcome.node.ts';
import type { Parts } from './parts.ts';
import { pooledIn } from './pooling.ts';
import type { Experiment } from './settings.ts';

/**
 * The results that the evaluation of a point will have: those of a network that says nothing. Null where tasks look at more
 * than an image, which takes a network.
 */
function foreseenResults(
  experiment: Experiment,
  point: Point,
  data: TrainingData,
  { test, pool }: Parts,
): readonly RecordedResult[] | null {
  const { tasks } = planRun(baseConfig(experiment), data.manifest);
  if (tasks.some(({ part }) => part.input !== undefined)) return null;
  const { size } = data.manifest;
  const [tested, training] = [test, pool].map((names) => samplesOf(data, imagesOf(data, names)));
  const judged = tasks.map(({ task, part }) => {
    const judge = part.judge(training!);
    for (const sample of tested!)
      judge.add(
        ({ tap, channels }) => new Float32Array(tap === 'pixels' ? size ** 2 * channels : channels),
        [sample],
        [],
      );
    return { task, verdict: judge.done() };
  });
  const verdicts = apart(judged);
  const summaries = Object.fromEntries(verdicts.map(({ task, summary }) => [task, summary]));
  return [
    ...verdicts.flatMap(({ results }) => results.map(recordedResult)),
    ...pooledIn(point, { summaries }),
  ];
}

/** Throws ConfigError where a point will have no such figure as is compared, as far as that can be told. */
export function expectFigure(experiment: Experiment, point: Point, { data, parts }: TargetData): void {
  if (experiment.figure === null) return;
  const results = foreseenResults(experiment, point, data, parts[(point.fold ?? 1) - 1]!);
  if (results) mainOf(results, experiment.figure);
}

/**
 * Prepares the data of runs.
 * @throws ConfigError where they lack whom is asked for, subjects overlap, or the points will have no such figure
 */
export async function prepareAll(
  { experiment, requests, data }: BegunExperiment,
  units: readonly Unit[],
): Promise<void> {
  for (const unit of units) await requests.of(unit);
  const point = units.find((unit): unit is Point => unit.kind === 'point');
  if (point) expectFigure(experiment, point, await data.target());
}
