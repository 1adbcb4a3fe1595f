/** @file After training: predictions on held-out subjects, judged by every task, and what a report shows of them. */
import { type Sample, sampleAt, samplesOf } from '../data/sample.ts';
import type { Split } from '../data/split.ts';
import type { PreparedData } from '../data/types.ts';
import type { HeadedNetwork } from '../models/headed.ts';
import type { Mark, Scatter } from '../results/mark.ts';
import type { Result } from '../results/result.ts';
import { imagesOf } from './dataset.ts';
import type { PlannedTask } from './plan.ts';
import { predictImages } from './predict.ts';
import { shownImages } from './shown.ts';

export type PartName = 'test' | 'validation' | 'training';

/** An image with what is shown of it. */
export interface ShownImage {
  readonly sample: Sample;
  /** By task. */
  readonly findings: readonly Finding[];
}

/** What a task shows of an image. */
export interface Finding {
  readonly task: string;
  /** Names of the marks' series. */
  readonly series: readonly string[];
  readonly marks: readonly Mark[];
}

/** What is known of a network once its images are judged. */
export interface Evaluation {
  /** Which subjects were evaluated: test where there are any, else validation, else those trained on. */
  readonly part: PartName;
  readonly images: number;
  readonly subjects: number;
  readonly results: readonly Result[];
  /** Each task's part of evaluation.json. */
  readonly summaries: Readonly<Record<string, object | null>>;
  readonly scatters: readonly Scatter[];
  readonly notes: readonly string[];
  readonly shown: readonly ShownImage[];
}

function evaluatedPart({ test, validation, train }: Split): { part: PartName; subjects: readonly string[] } {
  if (test.length > 0) return { part: 'test', subjects: test };
  if (validation.length > 0) return { part: 'validation', subjects: validation };
  return { part: 'training', subjects: train };
}

/** Subjects and slices of each that a report shows. */
const SHOWN = { subjects: 4, slices: 3 };

export interface EvaluateOptions {
  /** Images at a time. */
  readonly batch: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Predicts the held-out images and has every task judge them beside its trivial predictor. */
export async function evaluate(
  network: HeadedNetwork,
  data: PreparedData,
  tasks: readonly PlannedTask[],
  split: Split,
  { batch, onProgress }: EvaluateOptions,
): Promise<Evaluation> {
  const { part, subjects } = evaluatedPart(split);
  const indices = imagesOf(data, subjects);
  const samples = samplesOf(data, indices);
  const training = samplesOf(data, imagesOf(data, split.train));
  const judges = tasks.map(({ task, part: own }) => ({
    task,
    series: own.series,
    judge: own.judge(training),
  }));
  const wanted = new Set(shownImages(samples, SHOWN).map(({ index }) => index));
  const shown: ShownImage[] = [];
  const options = { batch, onProgress: (done: number) => onProgress?.(done, indices.length) };
  await predictImages(network, data, indices, options, (outputs, block) => {
    const images = block.map((index) => sampleAt(data, index));
    for (const { judge } of judges) judge.add(outputs, images);
    for (const [row, sample] of images.entries()) {
      if (!wanted.has(sample.index)) continue;
      const findings = judges.map(({ task, series, judge }) => ({
        task: task.name,
        series,
        marks: judge.marks(row),
      }));
      shown.push({ sample, findings });
    }
  });
  const verdicts = judges.map(({ task, judge }) => ({ name: task.name, ...judge.done() }));
  const order = [...wanted];
  return {
    part,
    images: samples.length,
    subjects: new Set(samples.map(({ subject }) => subject)).size,
    results: verdicts.flatMap(({ results }) => results),
    summaries: Object.fromEntries(verdicts.map(({ name, summary }) => [name, summary])),
    scatters: verdicts.flatMap(({ scatters }) => scatters),
    notes: verdicts.flatMap(({ notes }) => notes),
    shown: shown.sort((a, b) => order.indexOf(a.sample.index) - order.indexOf(b.sample.index)),
  };
}

/** The content of evaluation.json. */
export function evaluationRecord({ part, images, subjects, summaries }: Evaluation): object {
  return { part, images, subjects, ...summaries };
}
