/** @file What loaded weights say about the slices of a study, beside what its geometry says. */

import { ConfigError } from '../../src/base/errors.ts';
import { invertAffine, transformLine } from '../../src/data/affine.ts';
import { cropMap, onGrid } from '../../src/data/resample.ts';
import type { ScannedImage } from '../../src/data/scan.ts';
import { referenceLine } from '../../src/data/study/references.ts';
import { stackLocations } from '../../src/data/study/stacks.ts';
import type { Affine, Line, PreparedData } from '../../src/data/types.ts';
import { referencePoint } from '../../src/train/baseline.ts';
import { fitLines, heatmapOf, type LineError, lineError } from '../../src/train/evaluate.ts';
import { predictImages } from '../../src/train/predict.ts';
import type { Grid, PredictionRequest, SlicePrediction, StudyPrediction } from '../protocol.ts';
import { type Library, referenceOf, stacksOf } from './library.ts';
import { shownBy } from './shows.ts';
import type { LoadedWeights } from './weights.ts';

/** Images at a time: what a small GPU holds at 224 px. */
const BATCH = 8;

interface Prepared {
  readonly data: PreparedData;
  readonly maps: readonly Affine[];
}

async function prepareSlices(
  library: Library,
  images: readonly ScannedImage[],
  { info }: LoadedWeights,
): Promise<Prepared> {
  const { size, spacingMm, targetView, referenceViews } = info;
  const maps = images.map(({ header }) => cropMap(header.plane, size, spacingMm));
  const pixels = new Float32Array(images.length * size * size);
  for (const [i, image] of images.entries()) {
    const { pixels: values, deviation } = onGrid(await library.read(image), maps[i]!, size);
    // An image that preparation would refuse is shown to the network as nothing.
    if (Number.isFinite(deviation)) pixels.set(values, i * size * size);
  }
  const empty = { format: 'planewise-prepared', version: 1, dtype: 'f32', images: [], skipped: [] } as const;
  return { maps, data: { manifest: { ...empty, size, spacingMm, targetView, referenceViews }, pixels } };
}

const moved = (line: Line | null, map: Affine): Line | null => line && transformLine(line, map);

/** The heatmaps of one image as bytes, one per reference view. */
function heatBytes(
  heatmaps: Float32Array,
  image: number,
  manifest: PreparedData['manifest'],
): Uint8Array<ArrayBuffer>[] {
  return manifest.referenceViews.map((_, view) =>
    Uint8Array.from(heatmapOf(heatmaps, image, view, manifest), (value) =>
      Math.round(255 * Math.min(1, Math.max(0, value))),
    ),
  );
}

/** Predicts a slice, or each slice, of one stack at one phase. Throws ConfigError where there is no such stack. */
export async function predictStudy(
  library: Library,
  weights: LoadedWeights,
  { subject, stack, slice, frame }: PredictionRequest,
): Promise<StudyPrediction> {
  const began = performance.now();
  const { info, network } = weights;
  const { size, spacingMm, referenceViews, lineSigmaMm } = info;
  const { stacks } = stacksOf(library, subject);
  const chosen = stacks[stack]?.stack;
  const wanted = chosen && (slice === null ? [...chosen.locations.keys()] : [slice]);
  if (!wanted?.every((place) => chosen!.locations[place]))
    throw new ConfigError(`${subject} has no such stack or slice. Choose another.`);
  const images = wanted.map((place) => {
    const phases = chosen!.locations[place]!;
    return phases[Math.min(frame, phases.length - 1)]!;
  });
  const { data, maps } = await prepareSlices(library, images, weights);
  const indices = images.map((_, i) => i);
  const { heatmaps, locations } = await predictImages(network, data, indices, { batch: BATCH });
  const fitted = heatmaps && fitLines(heatmaps, images.length, data.manifest, lineSigmaMm);
  const references = referenceViews.map((view) => referenceOf(stacks, chosen!, view));
  const truths = stackLocations(chosen!).locations;
  const slices = images.map((image, row): SlicePrediction => {
    const map = maps[row]!;
    const place = wanted[row]!;
    const truth = references.map((reference) => referenceLine(image, reference).line);
    const predicted = fitted?.[row] ?? [];
    const crop = truth.map((line) => moved(line, map));
    return {
      slice: place,
      lines: predicted.map((line) => moved(line, invertAffine(map))),
      truth: fitted ? truth : [],
      errors: lineErrors(predicted, crop, { size, spacingMm }),
      location: locations && { predicted: locations[row]!, truth: truths?.[place] ?? null },
      heatmaps: heatmaps ? heatBytes(heatmaps, row, data.manifest) : [],
      toHeatmap: map,
    };
  });
  const seconds = (performance.now() - began) / 1000;
  const shows = shownBy(info.tasks);
  return { subject, stack, frame, shows, size, referenceViews, lineSigmaMm, slices, seconds };
}

/** How far predicted lines are from the true ones, on the network's grid; null where one of both is missing. */
export function lineErrors(
  predicted: readonly (Line | null)[],
  truth: readonly (Line | null)[],
  { size, spacingMm }: Grid,
): (LineError | null)[] {
  const point = referencePoint(truth, size);
  return predicted.map((line, view) => {
    const other = truth[view];
    return line && other ? lineError(line, other, point, spacingMm) : null;
  });
}
