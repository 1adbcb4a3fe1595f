/** @file The pixels of a planned stack, as pictures of its planes are made from. */
import type { PixelImage } from '../data/dicom/pixels.ts';
import type { ScannedImage } from '../data/scan.ts';
import type { PixelSlice } from '../planning/reformat.ts';
import type { PlannedStack } from './planner.ts';

const keyOf = (file: string, frame: number | null | undefined): string => `${file}#${frame ?? ''}`;

/** Each slice with its first image that could be read when it was planned; slices without one are left out. */
export async function slicePixels(
  { stack, skipped }: PlannedStack,
  read: (image: ScannedImage) => Promise<PixelImage>,
): Promise<PixelSlice[]> {
  const unread = new Set(skipped.map(({ file, fileFrame }) => keyOf(file, fileFrame)));
  const slices: PixelSlice[] = [];
  for (const phases of stack.slices) {
    const found = phases.find(
      ({ image: { source, header } }) => !unread.has(keyOf(source.path, header.fileFrame)),
    );
    if (found) slices.push({ plane: found.image.header.plane, image: await read(found.image) });
  }
  return slices;
}
