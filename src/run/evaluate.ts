/** @file The evaluation of a run by its best weights, and what reports are told of its tasks. */
import { FileError } from '../base/errors.ts';
import type { Split } from '../data/split.ts';
import type { TrainingData } from '../data/types.ts';
import type { MarkedImage } from '../report/pictures.ts';
import type { ReportTask } from '../report/report.ts';
import type { Evaluation, ShownImage } from '../results/evaluation.ts';
import { marksOf } from '../results/mark.ts';
import type { Device } from '../tensor/device.ts';
import { type EvaluateOptions, evaluate } from '../train/judge.ts';
import type { Plan } from '../train/plan.ts';
import type { RunFiles } from '../train/runfiles.ts';
import { weightsFile } from '../train/weightsfile.ts';
import { loadTrained, withPlannedErrors } from './trained.ts';

/**
 * Judges the held-out images with the run's best weights, which are told how far the planes of their lines are off.
 * @throws FileError where the run has none yet
 * @example
 * const facts = { size: 16, spacingMm: 2, targetView: 'short-axis', referenceViews: [] };
 * const config = resolveConfig({ tasks: ['rotation'], model: { width: 1, depth: 2 }, steps: 1, batch: 2 });
 * const image = (subject) => ({ subject, file: `${subject}.dcm`, view: 'short-axis', frame: 0, slice: 0, lines: [] });
 * const images = { manifest: { ...facts, images: ['A', 'B'].map(image) }, pixels: new Float32Array(512) };
 * const files = new MemoryFiles();
 * const { split } = await train({ device, data: images, config, files });
 * const { part, subjects } = await evaluateRun(device, images, split, files, { batch: 2 });
 * [part, subjects]; // ["training",2]
 */
export async function evaluateRun(
  device: Device,
  data: TrainingData,
  split: Split,
  files: RunFiles,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const bytes = await files.read(weightsFile);
  const path = files.describe(weightsFile);
  if (!bytes) throw new FileError(path, 'does not exist', 'Train the run to its end.');
  const { network, plan } = await loadTrained(device, bytes, path);
  try {
    const evaluation = await evaluate(network, data, plan.tasks, split, options);
    const { plannedErrors } = evaluation;
    if (plannedErrors) await files.write(weightsFile, withPlannedErrors(bytes, path, plannedErrors));
    return evaluation;
  } finally {
    network.dispose();
  }
}

/**
 * What a report says of the tasks.
 * @example
 * const facts = { size: 64, spacingMm: 3, targetView: 'short-axis', referenceViews: ['4-chamber'] };
 * reportTasks(planRun(presets.small, facts)).map(({ name }) => name); // ["orientation","location"]
 */
export const reportTasks = ({ tasks }: Plan): ReportTask[] =>
  tasks.map(({ task, part }) => ({
    name: task.name,
    lossTitle: task.lossTitle,
    tells: part.tells,
    ...(part.figure && { figure: part.figure }),
  }));

/** An image as pictures draw it. @param size its side, pixels */
export const markedImage = ({ sample, findings }: ShownImage, size: number): MarkedImage => ({
  size,
  pixels: sample.pixels(),
  marks: marksOf(findings),
});
