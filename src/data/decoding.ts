/** @file From files to pixels on the grid: one image after another, or by whoever decodes them beside. */
import { type DicomImages, openImages, type PixelImage } from './dicom/pixels.ts';
import { imageBytes } from './imagebytes.ts';
import { onGrid } from './resample.ts';
import { reasonOf, type ScannedImage } from './scan.ts';
import type { FileSource, ImagePlane, Reason } from './types.ts';
import { preparedMap, type Turn } from './upright.ts';
import type { Grid } from './usualgrid.ts';

/** What an image came to. */
export interface Decoded {
  /** [size, size], z-scored; null where the image cannot be used. */
  readonly pixels: Float32Array | null;
  /** Why it cannot be used, or what is to be said of it; null where there is nothing. */
  readonly reason: Reason | null;
}

/** An image, and how it is turned. */
export interface TurnedImage {
  readonly image: ScannedImage;
  readonly turn: Turn;
}

/** Decodes images: as many results, in the same order. */
export type Decoder = (images: Iterable<TurnedImage>, grid: Grid) => AsyncIterable<Decoded>;

const constantImage: Reason = {
  code: 'CONSTANT',
  message: 'Every pixel has one value; the image is stored as zeros.',
};
const allPadding: Reason = {
  code: 'PADDING',
  message: 'Every pixel is padding (PixelPaddingValue); there is no image.',
};
const notFinite: Reason = { code: 'NOT_FINITE', message: 'Rescaled pixel values are not finite numbers.' };

/** An image on the grid. @param read gives its pixels, or throws why there are none */
export async function decodeImage(
  read: () => PixelImage | Promise<PixelImage>,
  { plane, turn }: { readonly plane: ImagePlane; readonly turn: Turn },
  { size, spacingMm }: Grid,
): Promise<Decoded> {
  try {
    const image = await read();
    if (image.padding?.every((pixel) => pixel === 1)) return { pixels: null, reason: allPadding };
    const { pixels, deviation } = onGrid(image, preparedMap(plane, turn, size, spacingMm), size);
    if (Number.isNaN(deviation)) return { pixels: null, reason: notFinite };
    return { pixels, reason: deviation === 0 ? constantImage : null };
  } catch (error) {
    return { pixels: null, reason: reasonOf(error) };
  }
}

/** Reads images from their DICOM files; the file read last stays open, for it may hold the next image too. */
export function dicomReader(): (image: ScannedImage) => Promise<PixelImage> {
  let open: { readonly source: FileSource; readonly images: DicomImages } | undefined;
  return async ({ source, header }) => {
    if (open?.source !== source) open = { source, images: openImages(await imageBytes(source), source.path) };
    return open.images.pixels(header.fileFrame ?? 0);
  };
}

/** Decodes one after another. */
export const decodeHere = (readImage: (image: ScannedImage) => Promise<PixelImage>): Decoder =>
  async function* (images, grid) {
    for (const { image, turn } of images)
      yield decodeImage(() => readImage(image), { plane: image.header.plane, turn }, grid);
  };
