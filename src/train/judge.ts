/** @file After training: predictions on held-out subjects, judged by every task, and what a report shows of them. */
import { type Sample, samplesOf } from '../data/sample.ts';
import type { Split } from '../data/split.ts';
import { imagesOf } from '../data/split.ts';
import { subjectAt } from '../data/subjectcolumn.ts';
import type { TrainingData } from '../data/types.ts';
import type { HeadedNetwork } from '../models/headed.ts';
import type { Evaluation, PartName, ShownImage } from '../results/evaluation.ts';
import type { Finding } from '../results/mark.ts';
import type { Task, Verdict } from '../tasks/task.ts';
import { trainingSamples } from './dataset.ts';
import { mirroredHeads } from './mirror.ts';
import { byInput, type PlannedTask } from './plan.ts';
import { type PredictOptions, predictImages } from './predict.ts';
import { shownImages } from './shown.ts';

function evaluatedPart({ test, validation, train }: Split): { part: PartName; subjects: readonly string[] } {
  if (test.length > 0) return { part: 'test', subjects: test };
  if (validation.length > 0) return { part: 'validation', subjects: validation };
  return { part: 'training', subjects: train };
}

/** Subjects and slices of each that a report shows. */
const SHOWN = { subjects: 4, slices: 3 };

/** Of `evaluate`: network, data, and whom to measure. */
export interface EvaluateOptions {
  /** Images at a time. */
  readonly batch: number;
  /** Whether class probabilities are averaged over mirror images; default false. */
  readonly mirror?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

/** What each task makes of images, by name. */
export interface Judgement {
  readonly verdicts: readonly ({ readonly task: string } & Verdict)[];
  readonly shown: readonly ShownImage[];
}

export interface JudgeOptions extends Omit<PredictOptions, 'input' | 'heads'> {
  /** What a task's trivial predictor knows. */
  readonly training: (planned: PlannedTask) => readonly Sample[];
  /** Places of the images to show, in the order to show them. */
  readonly show: readonly number[];
}

/** Predicts images and has every task judge them, block by block. */
export async function judgeImages(
  network: HeadedNetwork,
  data: TrainingData,
  tasks: readonly PlannedTask[],
  indices: readonly number[],
  { training, show, ...options }: JudgeOptions,
): Promise<Judgement> {
  const judges = tasks.map((planned) => ({ planned, judge: planned.part.judge(training(planned)) }));
  const findings = new Map<number, Map<PlannedTask, Finding>>(show.map((index) => [index, new Map()]));
  const passes = [...byInput(tasks)];
  for (const [i, [input, planned]] of passes.entries()) {
    const own = judges.filter((one) => planned.includes(one.planned));
    const heads = planned.flatMap(({ part }) => part.heads);
    const onProgress = (done: number) =>
      options.onProgress?.(Math.floor((i * indices.length + done) / passes.length));
    let first = 0;
    await predictImages(
      network,
      data,
      indices,
      { ...options, input, heads, onProgress },
      (outputs, batch, images) => {
        const block = indices.slice(first, first + batch.count);
        first += batch.count;
        const samples = samplesOf(data, block);
        for (const { planned, judge } of own) {
          judge.add(outputs, samples, batch.drawn, images);
          for (const [row, { index }] of samples.entries())
            findings.get(index)?.set(planned, findingOf(planned, judge.marks(row)));
        }
      },
    );
  }
  return {
    verdicts: apart(judges.map(({ planned, judge }) => ({ task: planned.task, verdict: judge.done() }))),
    shown: samplesOf(data, show).map((sample) => ({
      sample,
      findings: tasks.flatMap((planned) => findings.get(sample.index)!.get(planned) ?? []),
    })),
  };
}

/** Results that several tasks call alike stand under the names of their tasks, but for the task whose name they begin with. */
export function apart(
  judged: readonly { readonly task: Task; readonly verdict: Verdict }[],
): ({ readonly task: string } & Verdict)[] {
  const keys = judged.flatMap(({ verdict }) => verdict.results.map(({ key }) => key));
  const shared = new Set(keys.filter((key, i) => keys.indexOf(key) !== i));
  return judged.map(({ task: { name, title }, verdict }) => {
    const results = verdict.results.map((result) =>
      shared.has(result.key) && !result.key.startsWith(`${name}.`)
        ? { ...result, key: `${name}.${result.key}`, title: `${title}: ${result.title}` }
        : result,
    );
    return { task: name, ...verdict, results };
  });
}

const findingOf = ({ task, part }: PlannedTask, marks: Finding['marks']): Finding => ({
  task: task.name,
  series: part.series,
  marks,
});

const MIRRORED =
  'Class probabilities are the means over the image and its mirror images: left-right, top-bottom, and both.';

/**
 * Predicts the held-out images and has every task judge them beside its trivial predictor.
 * @throws ConfigError for mirror images of what is no class map
 * @example
 * const facts = { size: 16, spacingMm: 2, targetView: 'short-axis', referenceViews: [] };
 * const plan = planRun(resolveConfig({ tasks: ['rotation'], model: { width: 1, depth: 2 } }), facts);
 * const net = new HeadedNetwork(device, (at) => declareHeaded(at, plan.backbone.declare, plan.heads));
 * const manifest = { ...facts, images: [{ subject: 'A', slice: 0, frame: 0 }] };
 * const [images, split] = [{ manifest, pixels: new Float32Array(256) }, { train: [], validation: [], test: ['A'] }];
 * const { results } = await evaluate(net, images, plan.tasks, split, { batch: 1 });
 * net.dispose();
 * results.map(({ key }) => key); // ["rotation.accuracy"]
 */
export async function evaluate(
  network: HeadedNetwork,
  data: TrainingData,
  tasks: readonly PlannedTask[],
  split: Split,
  { batch, mirror = false, onProgress }: EvaluateOptions,
): Promise<Evaluation> {
  const { part, subjects } = evaluatedPart(split);
  const indices = imagesOf(data, subjects);
  const samples = samplesOf(data, indices);
  const { verdicts, shown } = await judgeImages(network, data, tasks, indices, {
    batch,
    training: (planned) => trainingSamples(data, planned, split),
    mirrored: mirror ? mirroredHeads(tasks) : [],
    show: shownImages(samples, SHOWN).map(({ index }) => index),
    onProgress: (done) => onProgress?.(done, indices.length),
  });
  const plannedErrors = verdicts.find((verdict) => verdict.plannedErrors)?.plannedErrors;
  return {
    part,
    images: samples.length,
    subjects: new Set(indices.map((index) => subjectAt(data.manifest.images, index))).size,
    results: verdicts.flatMap(({ results }) => results),
    summaries: Object.fromEntries(verdicts.map(({ task, summary }) => [task, summary])),
    scatters: verdicts.flatMap(({ scatters }) => scatters),
    tables: verdicts.flatMap(({ tables = [] }) => tables),
    notes: [...verdicts.flatMap(({ notes }) => notes), ...(mirror ? [MIRRORED] : [])],
    left: verdicts.flatMap(({ left = [] }) => left),
    shown,
    ...(plannedErrors && part !== 'training' && { plannedErrors }),
  };
}

/**
 * The content of evaluation.json.
 * @example
 * const judged = { part: 'test', images: 4, subjects: 1, results: [], notes: [] };
 * const summaries = { rotation: { accuracy: 0.75 } };
 * Object.keys(evaluationRecord({ ...judged, summaries })); // ["part","images","subjects","rotation"]
 */
export function evaluationRecord({ part, images, subjects, summaries }: Evaluation): object {
  return { part, images, subjects, ...summaries };
}
