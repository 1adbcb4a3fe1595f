/** @file The report of a job, and the picture beside it. */
import type { PreparedData } from '../data/types.ts';
import { encodePicture, overlayGrid } from '../report/pictures.ts';
import { renderReport } from '../report/report.ts';
import type { Evaluation } from '../results/evaluation.ts';
import type { StepMetrics, ValidationMetrics } from '../results/losses.ts';
import type { Caps } from '../tensor/device.ts';
import type { TrainResult } from '../train/events.ts';
import type { DiskFiles } from '../train/runfiles.node.ts';
import { writeText } from '../train/runfiles.ts';
import { metricsFile, readRecords, validationFile } from '../train/runlog.ts';
import type { StepFacts } from '../train/trainer.ts';
import type { RunConfig } from './config.ts';
import { dataName } from './dataset.node.ts';
import { markedImage } from './evaluate.ts';
import type { JobKind } from './job.ts';
import { earlyText } from './jobconsole.node.ts';
import { reportInput } from './report.ts';
import { sharedConfig } from './shared.ts';

export const reportFile = 'report.html';
export const pictureFile = 'slices.png';

/** Longest side of a slice in the picture, about, in pixels. */
const PICTURE_SLICE = 128;

export interface Timing {
  readonly name: string;
  readonly seconds: number;
}

/** A job that was evaluated. */
export interface EvaluatedJob {
  readonly kind: JobKind;
  readonly config: RunConfig;
  readonly data: PreparedData;
  readonly training: TrainResult;
  readonly evaluation: Evaluation;
  readonly caps: Pick<Caps, 'description' | 'software'>;
  readonly facts: StepFacts | undefined;
  readonly timings: readonly Timing[];
}

/** Writes report.html and slices.png. @returns the report's path */
export async function writeReport(files: DiskFiles, job: EvaluatedJob): Promise<string> {
  const { config, data, training, evaluation, caps, facts, timings } = job;
  const early = earlyText(training, config.steps);
  const metrics = await readRecords<StepMetrics>(files, metricsFile);
  const validation = await readRecords<ValidationMetrics>(files, validationFile);
  const input = reportInput({
    kind: job.kind.title,
    config,
    shown: sharedConfig(config, true).shared,
    data,
    split: training.split,
    ...(early ? { ending: early } : {}),
    name: dataName(config),
    adapter: { name: caps.description, software: caps.software },
    ...(facts ? { step: facts } : {}),
    timings,
    metrics,
    validation,
    evaluation,
  });
  await writeText(files, reportFile, renderReport(input));
  const scale = Math.max(1, Math.round(PICTURE_SLICE / data.manifest.size));
  const pictures = evaluation.shown.map((shown) => markedImage(shown, data.manifest.size));
  await files.write(pictureFile, encodePicture(overlayGrid(pictures, 6, scale)));
  return files.describe(reportFile);
}
