/** @file The built-in knees: three stacks each, which show each other's planes. */
import { DESCRIPTIONS, kneePath } from '../../src/data/phantom/knee/dicom.ts';
import { kneeSubject } from '../../src/data/phantom/knee/subject.ts';
import type { PreparedData } from '../../src/data/types.ts';
import type { Grid, MadeSettings } from '../protocol.ts';
import { type Library, scannedImage } from './library.ts';
import { asWritten, type MadeSubject, madeLibrary, pixelsOf, prepareMade } from './made.ts';

function makeKnee({ seed, difficulty, imageSize }: MadeSettings, index: number): MadeSubject {
  const subject = kneeSubject(seed, index, { difficulty, size: imageSize });
  const pixels = new Map(
    subject.images.map((image) => {
      const known = { laterality: subject.side, seriesDescription: DESCRIPTIONS[image.view] };
      const plane = asWritten(image.plane);
      const scanned = scannedImage(kneePath(subject, image), subject.id, plane, image.slice, { known });
      return [scanned, pixelsOf(plane, image.pixels)] as const;
    }),
  );
  return { images: [...pixels.keys()], pixels };
}

/** @param onProgress knees done; may throw to stop */
export const prepareKnees = (
  settings: MadeSettings,
  grid: Grid,
  onProgress?: (done: number) => void,
): Promise<PreparedData> => prepareMade(makeKnee, settings, grid, onProgress);

export const kneeLibrary = (settings: MadeSettings): Library =>
  madeLibrary(makeKnee, settings, 'Built-in knees were never DICOM files.');
