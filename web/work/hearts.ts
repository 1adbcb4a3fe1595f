/** @file The built-in hearts: unlabelled as studies, with masks as labelled volumes, and to plan on. */

import type { PixelImage } from '../../src/data/dicom/pixels.ts';
import { type PhantomImage, type PhantomSubject, phantomSubject } from '../../src/data/phantom/subject.ts';
import { type EncodedFile, encodeAcdc, phantomSources } from '../../src/data/phantom.ts';
import type { Scan, ScannedImage } from '../../src/data/scan.ts';
import { openFiles } from '../../src/data/sources/open.ts';
import type { PreparedData } from '../../src/data/types.ts';
import type { Grid, MadeSettings } from '../protocol.ts';
import { type Library, scannedImage } from './library.ts';
import {
  asWritten,
  breathe,
  type MadeSubject,
  type Make,
  madeLibrary,
  pixelsOf,
  prepareMade,
} from './made.ts';

/** Where `planewise phantom` would write the image. */
function pathOf(subject: PhantomSubject, { view, slice, phase }: PhantomImage): string {
  const series = view === '2ch' ? 1 : view === '4ch' ? 2 : slice + 3;
  const number = (value: number): string => String(value).padStart(4, '0');
  const folder = view === 'sax' ? slice + 1 : 1;
  return `${subject.id}/study/${view}_${folder}/IM-${number(series)}-${number(phase + 1)}.dcm`;
}

function makeHeart(settings: MadeSettings, index: number, space?: number): MadeSubject {
  const { seed, difficulty, phases, imageSize } = settings;
  const subject = phantomSubject(seed, index, { difficulty, phases, size: imageSize });
  const pixels = new Map(
    subject.images.map((image) => {
      const plane = asWritten(image.plane);
      const scanned = scannedImage(pathOf(subject, image), subject.id, plane, image.phase, { space });
      return [scanned, pixelsOf(plane, image.pixels)] as const;
    }),
  );
  return { images: [...pixels.keys()], pixels };
}

const make: Make = (settings, index) => makeHeart(settings, index);

/** @param onProgress hearts done; may throw to stop */
export const prepareHearts = (
  settings: MadeSettings,
  grid: Grid,
  onProgress?: (done: number) => void,
): Promise<PreparedData> => prepareMade(make, settings, grid, onProgress);

export const heartLibrary = (settings: MadeSettings): Library =>
  madeLibrary(make, settings, 'Built-in hearts were never DICOM files.');

/**
 * Hearts with masks, as they are prepared of their labelled volumes.
 * @param onProgress hearts done; may throw to stop
 */
export async function prepareLabelled(
  settings: MadeSettings,
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
export function heartStudies(settings: MadeSettings): {
  readonly scan: Scan;
  readonly read: (image: ScannedImage) => Promise<PixelImage>;
} {
  const hearts = Array.from({ length: settings.subjects }, (_, index) => makeHeart(settings, index, index));
  const pixels = new Map(hearts.flatMap((heart) => [...heart.pixels]));
  const images = hearts.flatMap((heart) => heart.images);
  return { scan: { images, skipped: [], ignored: [] }, read: async (image) => pixels.get(image)! };
}
