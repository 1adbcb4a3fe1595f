/** @file The report of a run at its end, and a picture of slices, in its folder. */
import type { TrainingData } from '../data/types.ts';
import { encodePicture, overlayGrid } from '../report/pictures.ts';
import { type ReportInput, renderReport } from '../report/report.ts';
import type { Evaluation } from '../results/evaluation.ts';
import type { StepMetrics, ValidationMetrics } from '../results/losses.ts';
import type { Device } from '../tensor/device.ts';
import type { TrainResult } from '../train/events.ts';
import type { DiskFiles } from '../train/runfiles.node.ts';
import { writeText } from '../train/runfiles.ts';
import { metricsFile, readRecords, validationFile } from '../train/runlog.ts';
import type { StepFacts } from '../train/trainer.ts';
import type { RunConfig } from './config.ts';
import { dataName } from './dataset.node.ts';
import { markedImage } from './evaluate.ts';
import { earlyText } from './jobconsole.node.ts';
import { reportInput } from './report.ts';
import { sharedConfig } from './shared.ts';
import type { EventFiles } from './tensorboard.node.ts';

export const reportFile = 'report.html';
export const pictureFile = 'slices.png';

/** Longest side of a slice in the picture, about, in pixels. */
const PICTURE_SLICE = 128;

/** What a run came to. */
interface Ended {
  /** What kind of training it was: `Pretraining`. */
  readonly kind: string;
  readonly config: RunConfig;
  readonly data: TrainingData;
  readonly training: TrainResult;
  readonly evaluation: Evaluation;
  readonly caps: Device['caps'];
  readonly timings: ReportInput['timings'];
  /** Undefined where no step was captured. */
  readonly facts: StepFacts | undefined;
}

/** Writes both, the picture to the event files too, where there are any. @returns the report's path */
export async function writeReport(
  files: DiskFiles,
  events: EventFiles | null,
  { kind, config, data, training, evaluation, caps, timings, facts }: Ended,
): Promise<string> {
  const early = earlyText(training, config.steps);
  const input = reportInput({
    ...{ kind, config, data, timings, evaluation },
    shown: sharedConfig(config, true).shared,
    split: training.split,
    ...(early ? { ending: early } : {}),
    name: dataName(config),
    adapter: { name: caps.description, software: caps.software },
    ...(facts ? { step: facts } : {}),
    metrics: await readRecords<StepMetrics>(files, metricsFile),
    validation: await readRecords<ValidationMetrics>(files, validationFile),
  });
  await writeText(files, reportFile, renderReport(input));
  const scale = Math.max(1, Math.round(PICTURE_SLICE / data.manifest.size));
  const pictures = evaluation.shown.map((shown) => markedImage(shown, data.manifest.size));
  const picture = overlayGrid(pictures, 6, scale);
  const png = encodePicture(picture);
  await files.write(pictureFile, png);
  await events?.picture(training.step, 'slices', { ...picture, png });
  return files.describe(reportFile);
}
