/** @file What loaded weights say about every slice of a study, beside what its geometry says. */
import { invertAffine, transformLine } from '../../src/data/affine.ts';
import { intersectingLine } from '../../src/data/geometry.ts';
import { cropMap, resample, zScore } from '../../src/data/resample.ts';
import type { ScannedImage } from '../../src/data/scan.ts';
import { stackLocations } from '../../src/data/stacks.ts';
import type { Affine, Line, PreparedData } from '../../src/data/types.ts';
import { ConfigError } from '../../src/tensor/errors.ts';
import { referencePoint } from '../../src/train/baseline.ts';
import { fitLines, lineError } from '../../src/train/evaluate.ts';
import { predictImages } from '../../src/train/predict.ts';
import type { ImageRequest, SlicePrediction, StudyPrediction } from '../protocol.ts';
import { type Library, type LoadedStack, stacksOf } from './library.ts';
import type { LoadedWeights } from './weights.ts';

/** Images at a time: what a small GPU holds at 224 px. */
const BATCH = 8;

/** The image whose plane stands for a view, as preparation chooses it: the middle of its largest stack. */
function planeOf(stacks: readonly LoadedStack[], view: string): ScannedImage | null {
  const own = stacks.filter((stack) => stack.view === view).map(({ stack }) => stack.locations);
  const largest = own.sort((a, b) => b.flat().length - a.flat().length)[0];
  return largest?.[Math.floor(largest.length / 2)]?.[0] ?? null;
}

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
    const values = resample(await library.read(image), maps[i]!, size);
    zScore(values);
    pixels.set(values, i * size * size);
  }
  const empty = { format: 'planewise-prepared', version: 1, dtype: 'f32', images: [], skipped: [] } as const;
  return { maps, data: { manifest: { ...empty, size, spacingMm, targetView, referenceViews }, pixels } };
}

const moved = (line: Line | null, map: Affine): Line | null => line && transformLine(line, map);

/** Predicts each slice of one stack at one phase. Throws ConfigError where there is no such stack. */
export async function predictStudy(
  library: Library,
  weights: LoadedWeights,
  { subject, stack, frame }: Omit<ImageRequest, 'slice'>,
): Promise<StudyPrediction> {
  const began = performance.now();
  const { info, network } = weights;
  const { size, spacingMm, referenceViews, lineSigmaMm } = info;
  const { stacks } = stacksOf(library, subject);
  const chosen = stacks[stack]?.stack;
  if (!chosen) throw new ConfigError(`${subject} has no such stack. Choose another.`);
  const images = chosen.locations.map((phases) => phases[Math.min(frame, phases.length - 1)]!);
  const { data, maps } = await prepareSlices(library, images, weights);
  const indices = images.map((_, i) => i);
  const { heatmaps, locations } = await predictImages(network, data, indices, { batch: BATCH });
  const fitted = heatmaps && fitLines(heatmaps, images.length, data.manifest, lineSigmaMm);
  const references = referenceViews.map((view) => planeOf(stacks, view));
  const truths = stackLocations(chosen).locations;
  const slices = images.map((image, slice): SlicePrediction => {
    const map = maps[slice]!;
    const truth = references.map((reference) =>
      reference ? intersectingLine(image.header.plane, reference.header.plane).line : null,
    );
    const crop = truth.map((line) => moved(line, map));
    const predicted = fitted?.[slice] ?? [];
    const point = referencePoint(crop, size);
    return {
      slice,
      lines: predicted.map((line) => moved(line, invertAffine(map))),
      truth: fitted ? truth : [],
      location: locations && { predicted: locations[slice]!, truth: truths?.[slice] ?? null },
      errors: predicted.map((line, view) =>
        line && crop[view] ? lineError(line, crop[view], point, spacingMm) : null,
      ),
    };
  });
  return { subject, stack, frame, referenceViews, slices, seconds: (performance.now() - began) / 1000 };
}
