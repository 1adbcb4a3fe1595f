/** @file Class maps of DICOM stacks as DICOM SEG, beside the images they are of. */
import { pseudonymous, type SegmentedImage, segmentedImage } from '../data/dicom/seg/source.ts';
import { writeSegmentation } from '../data/dicom/seg/write.ts';
import { imageBytes } from '../data/imagebytes.ts';
import type { StackVolume } from '../data/study/volumes.ts';
import type { SegmentedClass } from './segmenter.ts';

/** Who made a segmentation. */
export interface SegmentationMaker {
  readonly classes: readonly SegmentedClass[];
  /** Version of this program. */
  readonly software: string;
  /** Tells networks apart. */
  readonly weights: string;
  /** Whether subjects are pseudonyms, by which the patient is to go. */
  readonly pseudonyms: boolean;
}

/** A stack in one phase, and its classes. */
export interface SegmentedStack {
  readonly found: Pick<StackVolume, 'slices' | 'subject' | 'instance' | 'frameOfReferenceUid'>;
  /** [slices, rows, columns]: the numbers of its classes in files. */
  readonly labels: Uint8Array;
}

/**
 * The bytes of a stack's segmentation in one phase, in the stack's frame of reference, whatever single images say.
 * @throws FileError or DicomError for an image that does not say what a segmentation must name; ShapeError for images of
 * several sizes or studies
 */
export async function dicomSegOf(
  { found, labels }: SegmentedStack,
  { classes, software, weights, pseudonyms }: SegmentationMaker,
): Promise<Uint8Array> {
  const images: SegmentedImage[] = [];
  for (const { source, header } of found.slices) {
    const place = { frame: header.fileFrame, frameOfReferenceUid: found.frameOfReferenceUid };
    const image = segmentedImage(await imageBytes(source), source.path, place);
    images.push(pseudonyms ? pseudonymous(image, found.subject) : image);
  }
  const description = `Cardiac phase ${found.instance}`;
  return writeSegmentation({
    ...{ images, labels, segments: classes, software, weights },
    instance: found.instance,
    description,
  });
}
