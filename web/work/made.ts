/** @file Built-in studies: phantom subjects made in place, without the detour through DICOM files. */
import type { PixelImage } from '../../src/data/dicom/pixels.ts';
import { phantomId } from '../../src/data/phantom/subject.ts';
import { preparePlan } from '../../src/data/prepare.ts';
import type { ScannedImage } from '../../src/data/scan.ts';
import { planScan } from '../../src/data/study/plan.ts';
import { viewOf } from '../../src/data/study/views.ts';
import type { ImagePlane, PreparedData, Vec3 } from '../../src/data/types.ts';
import type { Grid, MadeSettings } from '../protocol.ts';
import type { Library } from './library.ts';

/** Images of a subject and their pixels. */
export interface MadeSubject {
  readonly images: readonly ScannedImage[];
  readonly pixels: ReadonlyMap<ScannedImage, PixelImage>;
}

/** Makes a subject of a cohort. */
export type Make = (settings: MadeSettings, index: number) => MadeSubject;

/** As the numbers come back from the decimal strings of a DICOM header. */
const rounded = (v: Vec3, digits: number): Vec3 => [
  Number(v[0].toFixed(digits)),
  Number(v[1].toFixed(digits)),
  Number(v[2].toFixed(digits)),
];

export function asWritten(plane: ImagePlane): ImagePlane {
  const [betweenRows, betweenColumns] = plane.spacingMm;
  return {
    ...plane,
    position: rounded(plane.position, 8),
    rowDirection: rounded(plane.rowDirection, 12),
    columnDirection: rounded(plane.columnDirection, 12),
    spacingMm: [Number(betweenRows.toFixed(10)), Number(betweenColumns.toFixed(10))],
  };
}

/** Made pixels as an image that is read has them. */
export const pixelsOf = ({ rows, columns }: ImagePlane, pixels: Uint16Array): PixelImage => ({
  ...{ rows, columns, values: Float32Array.from(pixels) },
});

/** Lets messages in, so that a cancellation is heard. */
export const breathe = (): Promise<void> =>
  new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  });

/**
 * Prepares a cohort, subject by subject: the same data that `planewise prepare` makes of the same subjects' files.
 * @param onProgress subjects done; may throw to stop
 */
export async function prepareMade(
  make: Make,
  settings: MadeSettings,
  { size, spacingMm }: Grid,
  onProgress: (done: number) => void = () => {},
): Promise<PreparedData> {
  const { targetView } = settings;
  const options = targetView === undefined ? {} : { targetView };
  const parts: PreparedData[] = [];
  for (let index = 0; index < settings.subjects; index++) {
    const { images, pixels } = make(settings, index);
    const readImage = async (image: ScannedImage): Promise<PixelImage> => pixels.get(image)!;
    const plan = planScan({ images, skipped: [], ignored: [] }, options);
    parts.push(await preparePlan(plan, { size, spacingMm, readImage }));
    onProgress(index + 1);
    await breathe();
  }
  return joined(parts);
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

/** Subjects remembered at once. */
const KEPT = 3;

/** A cohort to look at: its subjects are made again when they are asked for. */
export function madeLibrary(make: Make, settings: MadeSettings, noDicom: string): Library {
  const subjects = Array.from({ length: settings.subjects }, (_, index) => phantomId(index));
  const kept = new Map<string, MadeSubject>();
  // Of an image someone still holds, its pixels stay known though its subject is no longer kept.
  const pixels = new WeakMap<ScannedImage, PixelImage>();
  const made = (subject: string): MadeSubject => {
    const found = kept.get(subject) ?? make(settings, subjects.indexOf(subject));
    kept.delete(subject);
    kept.set(subject, found);
    for (const [image, values] of found.pixels) pixels.set(image, values);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value!);
    return found;
  };
  return {
    subjects,
    skipped: [],
    noDicom,
    images: (subject) => (subjects.includes(subject) ? made(subject).images : []),
    viewOf: (image) => viewOf(image),
    read: async (image) => pixels.get(image)!,
  };
}
