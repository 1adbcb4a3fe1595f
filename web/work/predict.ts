/** @file What loaded weights say about the slices of a study, beside what its geometry says. */

import { ConfigError } from '../../src/base/errors.ts';
import { transformLine } from '../../src/data/affine.ts';
import { transformPlane } from '../../src/data/geometry.ts';
import { onGrid } from '../../src/data/resample.ts';
import type { ScannedImage } from '../../src/data/scan.ts';
import { referenceLine } from '../../src/data/study/references.ts';
import { stackLocations } from '../../src/data/study/stacks.ts';
import type { Affine, PreparedData, PreparedImage } from '../../src/data/types.ts';
import { preparedMap, stackTurns, type Turn, upright } from '../../src/data/upright.ts';
import { judgeImages } from '../../src/train/judge.ts';
import type { PredictionRequest, StudyPrediction } from '../protocol.ts';
import { type Library, type LoadedStack, referenceOf, stacksOf } from './library.ts';
import type { LoadedWeights } from './weights.ts';

/** Of each image of a stack, to lie as the network knows images. */
function turnsOf(
  { prepared }: Library,
  view: string,
  { locations }: LoadedStack['stack'],
): Map<ScannedImage, Turn> {
  const images = locations.flat();
  const turns = stackTurns(
    view,
    images.map(({ header }) => header.plane),
  );
  return new Map(images.map((image, i) => [image, prepared ? upright : turns[i]!]));
}

/** Images at a time: what a small GPU holds at 224 px. */
export const BATCH = 8;

interface Prepared {
  readonly data: PreparedData;
  readonly maps: readonly Affine[];
}

/** The slices as preparation would leave them, with what the geometry says of them. */
export async function prepareSlices(
  library: Library,
  { info }: LoadedWeights,
  stacks: readonly LoadedStack[],
  { subject, stack, frame }: PredictionRequest,
  slices: readonly number[],
): Promise<Prepared> {
  const { size, spacingMm, targetView, referenceViews } = info;
  const chosen = stacks[stack]!.stack;
  const references = referenceViews.map((view) => referenceOf(stacks, chosen, view));
  const turns = turnsOf(library, targetView, chosen);
  const { locations } = stackLocations(chosen);
  const pixels = new Float32Array(slices.length * size * size);
  const maps: Affine[] = [];
  const images: PreparedImage[] = [];
  for (const [row, slice] of slices.entries()) {
    const phases = chosen.locations[slice]!;
    const image = phases[Math.min(frame, phases.length - 1)]!;
    const map = preparedMap(image.header.plane, turns.get(image)!, size, spacingMm);
    const { pixels: values, deviation } = onGrid(await library.read(image), map, size);
    // An image that preparation would refuse is shown to the network as nothing.
    if (Number.isFinite(deviation)) pixels.set(values, row * size * size);
    maps.push(map);
    images.push({
      ...{ subject, file: image.source.path, view: targetView, frame, slice },
      lines: references.map((reference) => {
        const { line } = referenceLine(image, reference);
        return line && transformLine(line, map);
      }),
      location: locations?.[slice] ?? null,
      plane: transformPlane(image.header.plane, map, size, size),
    });
  }
  const format = { format: 'planewise-prepared', version: 1, dtype: 'f32', skipped: [] } as const;
  const manifest = { ...format, size, spacingMm, targetView, referenceViews, images };
  return { maps, data: { manifest, pixels } };
}

/** A slice and what was found in it. */
export type PredictedSlice = StudyPrediction['slices'][number];

/** What weights make of the slices of one stack at one phase. */
export interface StudyVerdict {
  readonly prediction: StudyPrediction;
  /** The slices as they were shown to the network. */
  readonly data: PreparedData;
}

/** Predicts a slice, or each slice, of one stack at one phase. Throws ConfigError where there is no such stack. */
export async function judgeStudy(
  library: Library,
  weights: LoadedWeights,
  request: PredictionRequest,
): Promise<StudyVerdict> {
  const began = performance.now();
  const { subject, stack, slice, frame } = request;
  const { stacks } = stacksOf(library, subject);
  const chosen = stacks[stack]?.stack;
  const wanted = chosen && (slice === null ? [...chosen.locations.keys()] : [slice]);
  if (!wanted?.every((place) => chosen!.locations[place]))
    throw new ConfigError(`${subject} has no such stack or slice. Choose another.`);
  const { data, maps } = await prepareSlices(library, weights, stacks, request, wanted);
  const indices = [...wanted.keys()];
  const options = { batch: BATCH, training: () => [], show: indices };
  const { verdicts, shown } = await judgeImages(weights.network, data, weights.plan.tasks, indices, options);
  const prediction = {
    subject,
    stack,
    frame,
    size: weights.info.size,
    slices: shown.map(({ findings }, row) => ({ slice: wanted[row]!, findings, toGrid: maps[row]! })),
    results: verdicts.flatMap(({ results }) => results),
    seconds: (performance.now() - began) / 1000,
  };
  return { prediction, data };
}

/** What weights say of a slice, or of each slice, of one stack at one phase. Throws ConfigError where there is no such stack. */
export const predictStudy = async (
  library: Library,
  weights: LoadedWeights,
  request: PredictionRequest,
): Promise<StudyPrediction> => (await judgeStudy(library, weights, request)).prediction;
