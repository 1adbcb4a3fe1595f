/** @file Prepares studies once: target images decoded, resampled, cropped and z-scored, with their labels. */

import { ConfigError } from '../base/errors.ts';
import { fromHalf, toHalf } from '../base/half.ts';
import { transformLine } from './affine.ts';
import { type Decoder, decodeHere, dicomReader } from './decoding.ts';
import type { PixelImage } from './dicom/pixels.ts';
import { transformPlane } from './geometry.ts';
import type { LabelOptions } from './labels.ts';
import { groupBy, memoized } from './lists.ts';
import { checkGrid, cropMap } from './resample.ts';
import { type Scan, type ScannedImage, scanFiles, skippedText } from './scan.ts';
import type { Space } from './study/frames.ts';
import type { StudyPlan } from './study/plan.ts';
import { StudyPlanner } from './study/planner.ts';
import { type SeriesRow, seriesRows } from './study/summary.ts';
import type { Target } from './study/targets.ts';
import type {
  Affine,
  FileSource,
  Notice,
  PreparedData,
  PreparedImage,
  Reason,
  SkippedFile,
} from './types.ts';
import { defaultSize, defaultSpacingMm, type Grid, usualSpacingMm } from './usualgrid.ts';

/** How a store is prepared: grid, views, and whom to tell. */
export interface PrepareOptions extends LabelOptions {
  /** Precision of the stored pixels; default f32. With f16 the pixels in memory are rounded to it too. */
  readonly dtype?: 'f32' | 'f16';
  /** Told of images that are used but lack something: a constant image, a missing line or location. */
  readonly onWarning?: (file: string, reason: Reason) => void;
  /** Gives an image's pixels; default: its file, decoded as DICOM. */
  readonly readImage?: (image: ScannedImage) => Promise<PixelImage>;
  /** Who decodes DICOM images, instead of one after another; `readImage` is not asked then. */
  readonly decode?: Decoder;
  /**
   * Takes each DICOM image as it is made, in order. What is prepared then has no pixels (an array of length 0), and the
   * images that this has. Other kinds of images are prepared in memory.
   */
  readonly into?: PreparedSink;
}

/** What all images have in common that a sink is given. */
export interface SinkKind {
  readonly size: number;
  readonly dtype: 'f32' | 'f16';
  /** Reference views of each image. */
  readonly views: number;
}

/** Takes what is prepared as it is made, so that it need not be held. */
export interface PreparedSink {
  /** @param pixels [size, size], not yet rounded to `dtype` */
  add(image: PreparedImage, pixels: Float32Array, kind: SinkKind): void | Promise<void>;
  /** All images, when no more come. */
  images(): Promise<readonly PreparedImage[]>;
}

const frameOf = ({ header }: ScannedImage): { fileFrame?: number } =>
  header.fileFrame === null ? {} : { fileFrame: header.fileFrame };

function preparedImage(
  target: Target,
  view: string,
  space: number,
  map: Affine,
  size: number,
): PreparedImage {
  const { source, header } = target.image;
  return {
    subject: target.subject,
    file: source.path,
    ...frameOf(target.image),
    view,
    space,
    frame: target.frame,
    slice: target.slice,
    lines: target.references.map(({ line }) => line && transformLine(line, map)),
    location: target.location,
    plane: transformPlane(header.plane, map, size, size),
  };
}

function warnOfGaps(target: Target, onWarning: PrepareOptions['onWarning']): void {
  const file = target.image.source.path;
  for (const { reason } of target.references) if (reason) onWarning?.(file, reason);
  if (target.locationReason) onWarning?.(file, target.locationReason);
}

/** Numbers for the spaces of a subject's images, in the order of these, so that no UID is stored. */
function numbersOf(spaces: Iterable<Space>): (space: Space) => number {
  const numbers = new Map<Space, number>();
  for (const space of spaces) if (!numbers.has(space)) numbers.set(space, numbers.size);
  return (space) => numbers.get(space)!;
}

/** What is prepared into, in memory. */
class Gathered implements PreparedSink {
  readonly #images: PreparedImage[] = [];
  readonly #values: Float32Array;
  #length = 0;

  /** @param most values that there can be */
  constructor(most: number) {
    this.#values = new Float32Array(most);
  }

  add(image: PreparedImage, pixels: Float32Array): void {
    this.#images.push(image);
    this.#values.set(pixels, this.#length);
    this.#length += pixels.length;
  }

  async images(): Promise<readonly PreparedImage[]> {
    return this.#images;
  }

  get values(): Float32Array {
    return this.#length === this.#values.length ? this.#values : this.#values.slice(0, this.#length);
  }
}

/** Targets in order, each with the number of its space. */
type Numbered = Iterable<readonly [target: Target, space: number]>;

/** What is to be prepared. */
interface Wanted extends Pick<StudyPlan, 'targetView' | 'referenceViews'> {
  readonly targets: Numbered;
  /** Targets, at most; as many as there are once all were asked for. */
  readonly expected: number;
}

/** Files that cannot be decoded are returned. */
async function prepareInto(
  sink: PreparedSink,
  { targets, targetView, ...wanted }: Wanted,
  grid: Grid,
  options: PrepareOptions,
): Promise<SkippedFile[]> {
  const skipped: SkippedFile[] = [];
  const decode = options.decode ?? decodeHere(options.readImage ?? dicomReader());
  const kind = { size: grid.size, dtype: options.dtype ?? 'f32', views: wanted.referenceViews.length };
  const waiting: (readonly [Target, number])[] = [];
  function* images(): Generator<ScannedImage> {
    for (const own of targets) {
      waiting.push(own);
      yield own[0].image;
    }
  }
  let done = 0;
  for await (const { pixels, reason } of decode(images(), grid)) {
    const [target, space] = waiting.shift()!;
    const file = target.image.source.path;
    if (pixels) {
      const map = cropMap(target.image.header.plane, grid.size, grid.spacingMm);
      await sink.add(preparedImage(target, targetView, space, map, grid.size), pixels, kind);
      if (reason) options.onWarning?.(file, reason);
      warnOfGaps(target, options.onWarning);
    } else skipped.push({ file, ...frameOf(target.image), reason: reason! });
    options.onProgress?.({ phase: 'decode', done: ++done, total: wanted.expected, file });
  }
  return skipped;
}

/** As `prepareInto`, to what was asked for or into memory. @param before files that are skipped already, asked for when all were decoded */
async function preparedFrom(
  wanted: Wanted,
  options: PrepareOptions,
  before: () => readonly SkippedFile[],
): Promise<PreparedData> {
  const { size = defaultSize, dtype = 'f32' } = options;
  const { targetView, referenceViews } = wanted;
  const { spacingMm = usualSpacingMm(targetView, size) } = options;
  checkGrid(size, spacingMm);
  const gathered = options.into ? null : new Gathered(wanted.expected * size ** 2);
  const sink = gathered ?? options.into!;
  const undecoded = await prepareInto(sink, wanted, { size, spacingMm }, options);
  const skipped = [...before(), ...undecoded];
  const images = await sink.images();
  if (images.length === 0)
    throw new ConfigError(
      `None of ${wanted.expected} target images could be read. ${skippedText(skipped.at(-1)!)}`,
    );
  const pixels = gathered?.values ?? new Float32Array(0);
  return {
    manifest: {
      format: 'planewise-prepared',
      version: 1,
      size,
      spacingMm,
      targetView,
      referenceViews,
      dtype,
      images,
      skipped,
    },
    pixels: dtype === 'f16' ? fromHalf(toHalf(pixels)) : pixels,
  };
}

/** What a scan's images came to. */
export interface PreparedScan {
  readonly data: PreparedData;
  readonly notices: readonly Notice[];
  /** What became of the scanned images. */
  readonly series: readonly SeriesRow[];
}

/** As `prepare`, of files already scanned. Subjects are planned one after another, as their images are decoded. */
export async function prepareScan(scan: Scan, options: PrepareOptions = {}): Promise<PreparedScan> {
  const planner = new StudyPlanner(scan, options);
  function* targets(): Numbered {
    for (const { images, plan } of planner.subjects()) {
      const numberOf = numbersOf(images.map(({ image }) => plan.spaceOf(image)));
      for (const target of plan.targets) yield [target, numberOf(target.space)];
    }
  }
  const { targetView, referenceViews } = planner;
  const wanted = {
    targetView,
    referenceViews,
    targets: targets(),
    get expected() {
      return planner.expected;
    },
  };
  let end: ReturnType<StudyPlanner['end']> | undefined;
  const data = await preparedFrom(wanted, options, () => {
    end = planner.end();
    return end.skipped;
  });
  const { skipped, notices } = end!;
  const undecoded = data.manifest.skipped.slice(skipped.length);
  return { data, notices, series: seriesRows(planner.outcomes(), undecoded) };
}

/**
 * Reads all target images: RescaleSlope/Intercept applied, resampled to `spacingMm` isotropic (`cropMap`,
 * `resample`), centre-cropped or padded with 0 to size × size, z-scored per image with population deviation, padding
 * included (paper §2). Pixels of reference views are never decoded. Files that cannot be used are in `skipped` with
 * the reason; a target without some line or location keeps the others. Throws ConfigError when nothing is usable.
 * @example
 * const { manifest, pixels } = await data.prepare(await data.listFiles(study), { size: 32, spacingMm: 8 });
 * [manifest.images.length, manifest.images[0].view, pixels.length]; // [24,"short-axis",24576]
 */
export async function prepare(
  files: readonly FileSource[],
  options: PrepareOptions = {},
): Promise<PreparedData> {
  checkGrid(options.size ?? defaultSize, options.spacingMm ?? defaultSpacingMm);
  return (await prepareScan(await scanFiles(files, options.onProgress), options)).data;
}

/**
 * As `prepare`, of studies already planned.
 * @example
 * const across = { position: [0, 0, 0], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] };
 * const header = { plane: { ...across, spacingMm: [2, 2], rows: 2, columns: 2 }, fileFrame: null };
 * const target = { image: { source: { path: 'a.png' }, header }, subject: 'A', slice: 0, frame: 0, references: [] };
 * const plan = { targetView: 'short-axis', referenceViews: [], targets: [target], skipped: [], outcomes: [] };
 * const readImage = async () => ({ rows: 2, columns: 2, values: Float32Array.of(0, 0, 8, 8) });
 * (await data.preparePlan(plan, { size: 2, spacingMm: 2, readImage })).pixels; // [-1,-1,1,1]
 */
export async function preparePlan(plan: StudyPlan, options: PrepareOptions = {}): Promise<PreparedData> {
  const subjects = groupBy(plan.outcomes, ({ subject }) => subject);
  const numbers = memoized(
    ({ subject }: Target) => subject,
    ({ subject }) => numbersOf((subjects.get(subject) ?? []).map(({ space }) => space)),
  );
  const wanted = {
    ...plan,
    targets: plan.targets.map((target) => [target, numbers(target)(target.space)] as const),
    expected: plan.targets.length,
  };
  return preparedFrom(wanted, options, () => plan.skipped);
}
