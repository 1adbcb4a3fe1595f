/** @file The built-in hearts: the phantom cohort made in place, without the detour through DICOM files. */

import type { PixelImage } from '../../src/data/dicom/pixels.ts';
import {
  type PhantomImage,
  type PhantomSubject,
  phantomId,
  phantomSubject,
} from '../../src/data/phantom/subject.ts';
import { type EncodedFile, encodeAcdc, phantomSources } from '../../src/data/phantom.ts';
import { preparePlan } from '../../src/data/prepare.ts';
import type { Scan, ScannedImage } from '../../src/data/scan.ts';
import { openFiles } from '../../src/data/sources/open.ts';
import { planScan } from '../../src/data/study/plan.ts';
import { viewOf } from '../../src/data/study/views.ts';
import type { ImagePlane, PreparedData, Vec3 } from '../../src/data/types.ts';
import type { Grid, HeartSettings } from '../protocol.ts';
import { type Library, scannedImage } from './library.ts';

/** As the numbers come back from the decimal strings of a DICOM header. */
const rounded = (v: Vec3, digits: number): Vec3 => [
  Number(v[0].toFixed(digits)),
  Number(v[1].toFixed(digits)),
  Number(v[2].toFixed(digits)),
];

function asWritten(plane: ImagePlane): ImagePlane {
  const [betweenRows, betweenColumns] = plane.spacingMm;
  return {
    ...plane,
    position: rounded(plane.position, 8),
    rowDirection: rounded(plane.rowDirection, 12),
    columnDirection: rounded(plane.columnDirection, 12),
    spacingMm: [Number(betweenRows.toFixed(10)), Number(betweenColumns.toFixed(10))],
  };
}

/** Where `planewise phantom` would write the image. */
function pathOf(subject: PhantomSubject, { view, slice, phase }: PhantomImage): string {
  const series = view === '2ch' ? 1 : view === '4ch' ? 2 : slice + 3;
  const number = (value: number): string => String(value).padStart(4, '0');
  const folder = view === 'sax' ? slice + 1 : 1;
  return `${subject.id}/study/${view}_${folder}/IM-${number(series)}-${number(phase + 1)}.dcm`;
}

/** Made images and their pixels. */
interface Heart {
  readonly images: readonly ScannedImage[];
  readonly pixels: ReadonlyMap<ScannedImage, PixelImage>;
}

function makeHeart(settings: HeartSettings, index: number, space?: number): Heart {
  const { seed, difficulty, phases, imageSize } = settings;
  const subject = phantomSubject(seed, index, { difficulty, phases, size: imageSize });
  const made = subject.images.map((image): [ScannedImage, PixelImage] => {
    const { rows, columns } = image.plane;
    const path = pathOf(subject, image);
    const scanned = scannedImage(path, subject.id, asWritten(image.plane), image.phase, space);
    return [scanned, { rows, columns, values: Float32Array.from(image.pixels) }];
  });
  return { images: made.map(([image]) => image), pixels: new Map(made) };
}

/** Lets messages in, so that a cancellation is heard. */
const breathe = (): Promise<void> =>
  new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  });

/**
 * Prepares a cohort, heart by heart: the same data that `planewise prepare` makes of the same hearts' files.
 * @param onProgress hearts done; may throw to stop
 */
export async function prepareHearts(
  settings: HeartSettings,
  { size, spacingMm }: Grid,
  onProgress: (done: number) => void = () => {},
): Promise<PreparedData> {
  const parts: PreparedData[] = [];
  for (let index = 0; index < settings.subjects; index++) {
    const { images, pixels } = makeHeart(settings, index);
    const readImage = async (image: ScannedImage): Promise<PixelImage> => pixels.get(image)!;
    parts.push(
      await preparePlan(planScan({ images, skipped: [], ignored: [] }), { size, spacingMm, readImage }),
    );
    onProgress(index + 1);
    await breathe();
  }
  return joined(parts);
}

/**
 * Hearts with masks, as they are prepared of their labelled volumes.
 * @param onProgress hearts done; may throw to stop
 */
export async function prepareLabelled(
  settings: HeartSettings,
  grid: Grid,
  onProgress: (done: number) => void,
): Promise<PreparedData> {
  const { seed, difficulty, phases, imageSize, subjects } = settings;
  const files: EncodedFile[] = [];
  for (let index = 0; index < subjects; index++) {
    files.push(...encodeAcdc(phantomSubject(seed, index, { difficulty, phases, size: imageSize })));
    onProgress(index + 1);
    await breathe();
  }
  const { size, spacingMm } = grid;
  return (await openFiles(phantomSources(files), { annotations: ['masks'], size, spacingMm })).data;
}

/** Hearts as studies with a frame of reference, to plan on. */
export function heartStudies(settings: HeartSettings): {
  readonly scan: Scan;
  readonly read: (image: ScannedImage) => Promise<PixelImage>;
} {
  const hearts = Array.from({ length: settings.subjects }, (_, index) => makeHeart(settings, index, index));
  const pixels = new Map(hearts.flatMap((heart) => [...heart.pixels]));
  const images = hearts.flatMap((heart) => heart.images);
  return { scan: { images, skipped: [], ignored: [] }, read: async (image) => pixels.get(image)! };
}

function joined(parts: readonly PreparedData[]): PreparedData {
  const pixels = new Float32Array(parts.reduce((sum, part) => sum + part.pixels.length, 0));
  let at = 0;
  for (const part of parts) {
    pixels.set(part.pixels, at);
    at += part.pixels.length;
  }
  const images = parts.flatMap(({ manifest }) => manifest.images);
  return { manifest: { ...parts[0]!.manifest, images }, pixels };
}

/** Hearts remembered at once. */
const KEPT = 3;

/** Hearts to look at: made again when they are asked for. */
export function heartLibrary(settings: HeartSettings): Library {
  const subjects = Array.from({ length: settings.subjects }, (_, index) => phantomId(index));
  const kept = new Map<string, Heart>();
  // Of an image someone still holds, its pixels stay known though the heart is no longer kept.
  const pixels = new WeakMap<ScannedImage, PixelImage>();
  const heart = (subject: string): Heart => {
    const found = kept.get(subject) ?? makeHeart(settings, subjects.indexOf(subject));
    kept.delete(subject);
    kept.set(subject, found);
    for (const [image, values] of found.pixels) pixels.set(image, values);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
    return found;
  };
  return {
    subjects,
    skipped: [],
    noDicom: 'Built-in hearts were never DICOM files.',
    images: (subject) => (subjects.includes(subject) ? heart(subject).images : []),
    viewOf: (image) => viewOf(image),
    read: async (image) => pixels.get(image)!,
  };
}

/** "30 built-in hearts, mid". */
export const heartsName = ({ subjects, difficulty }: HeartSettings): string =>
  `${subjects} built-in hearts, ${difficulty}`;
