/** @file Class maps of a stack on its images' own grid, as NIfTI and as DICOM SEG. */
import { FileError, PlanewiseError, ShapeError } from '../../src/base/errors.ts';
import { plainReason } from '../../src/data/identifiers/reasons.ts';
import type { NiftiVolume } from '../../src/data/nifti/volume.ts';
import { writeNifti } from '../../src/data/nifti/write.ts';
import type { ScannedImage } from '../../src/data/scan.ts';
import { classesOnImage } from '../../src/data/segmentation/index.ts';
import { numbersOf } from '../../src/data/sources/acdc/masks.ts';
import { gridOfSlices } from '../../src/data/study/slices.ts';
import { only } from '../../src/results/mark.ts';
import { dicomSegOf } from '../../src/run/dicomseg.ts';
import type { Library } from './library.ts';
import type { PredictedSlice } from './predict.ts';
import type { LoadedWeights } from './weights.ts';

/** Of the package; set by the build. */
declare const PROGRAM_VERSION: string;

/** A stack in one phase. */
interface PhaseOfStack {
  /** Those that were predicted, in the order of the slices. */
  readonly images: readonly ScannedImage[];
  /** By the name it goes by in files. */
  readonly subject: string;
  /** From 0. */
  readonly frame: number;
  /** Of the stack in all its phases. */
  readonly frameOfReferenceUid: string | null;
  readonly pseudonyms: boolean;
}

/** Files; null where there is none. */
interface ClassMaps {
  readonly nifti: Uint8Array | null;
  readonly dicom: Uint8Array | null;
  /** Why the weights' classes are not in such a file; without names of people or files. */
  readonly missing: { readonly noMasks?: string; readonly noDicomSeg?: string };
}

/** What a slice's classes are, as planewise predict has them; null where the weights tell none. */
const classMapOf = ({ findings }: PredictedSlice, classes: readonly string[]): Uint8Array | null => {
  const own = findings.find(({ series }) => series.join() === classes.slice(1).join());
  return only(own?.marks ?? [], 'region').find(({ of }) => of === 'predicted')?.classes ?? null;
};

/** Slice after slice, each on its image's grid, in the numbers that files have; null where the weights tell no classes. */
function labelsOf(
  slices: readonly PredictedSlice[],
  { images }: PhaseOfStack,
  { classes: named = [], size }: LoadedWeights['info'],
): Uint8Array | null {
  const numbers = numbersOf(named);
  const classes = named.length;
  const labels = new Uint8Array(
    images.reduce((sum, { header: { plane } }) => sum + plane.rows * plane.columns, 0),
  );
  let at = 0;
  for (const [k, slice] of slices.entries()) {
    const map = classMapOf(slice, named);
    if (!map) return null;
    const values = new Float32Array(size * size * classes);
    for (const [i, own] of map.entries()) values[i * classes + own] = 1;
    const onImage = classesOnImage({ values, size, classes }, slice.toGrid, images[k]!.header.plane);
    labels.set(
      onImage.map((own) => numbers[own]!),
      at,
    );
    at += onImage.length;
  }
  return labels;
}

/** Where the slices lie as a volume; null where they are none. */
function gridOf(images: readonly ScannedImage[]): Omit<NiftiVolume, 'data'> | null {
  try {
    return gridOfSlices(images);
  } catch (error) {
    if (error instanceof FileError) return null;
    throw error;
  }
}

async function dicomOrReason(
  labels: Uint8Array,
  { images, subject, frame, frameOfReferenceUid, pseudonyms }: PhaseOfStack,
  { info: { classes = [] }, checksum }: LoadedWeights,
): Promise<Uint8Array | string> {
  const numbers = numbersOf(classes);
  const named = classes.map((name, i) => ({ name, number: numbers[i]! })).slice(1);
  const maker = { classes: named, software: PROGRAM_VERSION, weights: checksum, pseudonyms };
  const found = { slices: images, subject, instance: frame + 1, frameOfReferenceUid };
  try {
    return await dicomSegOf({ found, labels }, maker);
  } catch (error) {
    if (error instanceof ShapeError) return 'Its images are of several sizes or studies.';
    if (error instanceof PlanewiseError)
      return plainReason({ code: error.code, message: error.message }).message;
    throw error;
  }
}

/** What weights that tell classes make of a stack; nothing of others. */
export async function classMapsOf(
  slices: readonly PredictedSlice[],
  stack: PhaseOfStack,
  { noDicom }: Library,
  weights: LoadedWeights,
): Promise<ClassMaps> {
  const labels = labelsOf(slices, stack, weights.info);
  if (!labels) return { nifti: null, dicom: null, missing: {} };
  const grid = gridOf(stack.images);
  const made = noDicom ?? (await dicomOrReason(labels, stack, weights));
  const isMade = typeof made !== 'string';
  return {
    nifti: grid && writeNifti({ ...grid, data: Float32Array.from(labels) }, { type: 'u8', gzip: true }),
    dicom: isMade ? made : null,
    missing: {
      ...(!grid && { noMasks: 'Its slices are not alike in size and direction, so they are no volume.' }),
      ...(!isMade && { noDicomSeg: made }),
    },
  };
}
