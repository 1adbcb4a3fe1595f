/** @file After training: predictions on held-out subjects, their errors, and what the report shows of them. */

import { FileError } from '../base/errors.ts';
import type { Split } from '../data/sampler.ts';
import type { PreparedData, PreparedImage } from '../data/types.ts';
import type { Device } from '../tensor/device.ts';
import type { TrainConfig } from './config.ts';
import { imagesOf } from './dataset.ts';
import { type Evaluation, evaluateImages, fitBaseline, fitLines, type Predictions } from './evaluate.ts';
import { predictImages } from './predict.ts';
import type { ReportInput, ReportSample } from './report.ts';
import type { RunFiles } from './runfiles.ts';
import { loadNetwork, weightsFile } from './weightsfile.ts';

/** Heatmap values held in memory at once, at most (256 MB): more test images are thinned out evenly. */
const MOST_VALUES = 64_000_000;
/** Subjects and slices of each that the report shows. */
const SHOWN_SUBJECTS = 4;
const SHOWN_SLICES = 3;

export type PartName = 'test' | 'validation' | 'training';

export interface RunResults {
  /** Which subjects were evaluated: test where there are any, else validation, else those trained on. */
  readonly part: PartName;
  readonly evaluation: Evaluation;
  readonly samples: readonly ReportSample[];
  readonly scatter: ReportInput['scatter'];
}

function evaluatedPart({ test, validation, train }: Split): { part: PartName; subjects: readonly string[] } {
  if (test.length > 0) return { part: 'test', subjects: test };
  if (validation.length > 0) return { part: 'validation', subjects: validation };
  return { part: 'training', subjects: train };
}

/** Rows of the images to show: end-diastolic slices, evenly from base to apex, of the first subjects. */
function shownRows(images: readonly PreparedImage[]): number[] {
  const subjects = [...new Set(images.map(({ subject }) => subject))].slice(0, SHOWN_SUBJECTS);
  return subjects.flatMap((subject) => {
    const rows = images.flatMap((image, row) => (image.subject === subject ? [row] : []));
    const first = Math.min(...rows.map((row) => images[row]!.frame));
    const stack = rows.filter((row) => images[row]!.frame === first);
    stack.sort((a, b) => images[a]!.slice - images[b]!.slice);
    const count = Math.min(SHOWN_SLICES, stack.length);
    return Array.from({ length: count }, (_, i) => stack[Math.floor(((i + 0.5) * stack.length) / count)]!);
  });
}

function sampleOf(
  data: PreparedData,
  index: number,
  row: number,
  predictions: Predictions,
  sigmaMm: number,
): ReportSample {
  const { manifest, pixels } = data;
  const { size, referenceViews } = manifest;
  const image = manifest.images[index]!;
  const { heatmaps, locations } = predictions;
  const width = size * size * referenceViews.length;
  const heatmap = heatmaps?.slice(row * width, (row + 1) * width) ?? null;
  return {
    subject: image.subject,
    caption: `slice ${image.slice + 1}, phase ${image.frame + 1}`,
    pixels: pixels.subarray(index * size * size, (index + 1) * size * size),
    size,
    truth: image.lines,
    predicted: heatmap ? fitLines(heatmap, 1, manifest, sigmaMm)[0]! : referenceViews.map(() => null),
    heatmap,
    location: locations && { predicted: locations[row]!, truth: image.location },
  };
}

/** Predicts the held-out images with the run's best weights and scores them beside the trivial predictor. */
export async function evaluateRun(
  device: Device,
  data: PreparedData,
  config: TrainConfig,
  split: Split,
  files: RunFiles,
  onProgress?: (done: number, total: number) => void,
): Promise<RunResults> {
  const bytes = await files.read(weightsFile);
  if (!bytes) throw new FileError(files.describe(weightsFile), 'does not exist', 'Train the run to its end.');
  const { manifest } = data;
  const { part, subjects } = evaluatedPart(split);
  const values = manifest.size ** 2 * Math.max(1, manifest.referenceViews.length);
  const indices = imagesOf(data, subjects, Math.max(1, Math.floor(MOST_VALUES / values)));
  const { network } = await loadNetwork(device, bytes, files.describe(weightsFile));
  try {
    const predictions = await predictImages(network, data, indices, {
      batch: config.batch,
      onProgress: (done) => onProgress?.(done, indices.length),
    });
    const images = indices.map((index) => manifest.images[index]!);
    const training = imagesOf(data, split.train).map((index) => manifest.images[index]!);
    const baseline = fitBaseline(training, manifest.size);
    const { lineSigmaMm } = config;
    return {
      part,
      evaluation: evaluateImages(images, predictions, baseline, manifest, lineSigmaMm),
      samples: shownRows(images).map((row) => sampleOf(data, indices[row]!, row, predictions, lineSigmaMm)),
      scatter: scatterOf(images, predictions),
    };
  } finally {
    network.dispose();
  }
}

function scatterOf(images: readonly PreparedImage[], { locations }: Predictions): ReportInput['scatter'] {
  if (!locations) return [];
  return images.flatMap(({ location }, row) =>
    location === null ? [] : [{ predicted: locations[row]!, truth: location }],
  );
}
