/** @file What may leave of a reason or notice: its code and what that means, for messages quote files, names and headers. */
import { ownOf } from '../../base/record.ts';
import type { Notice, Reason } from '../types.ts';

/** Codes whose messages hold nothing but words, numbers and views. */
const plain = new Set(
  (
    'CONSTANT PADDING NOT_FINITE OTHER_SLICE NO_TARGET PARALLEL ONE_LOCATION VIEW_UNKNOWN VIEW_NOT_ASKED DICOMDIR MOSAIC ' +
    'PRIVATE_SCALING SIDE_UNKNOWN EMPTY_SLICES NO_MASKS LABELS_CROPPED SLICE_AXIS NO_GEOMETRY NO_IMAGE NO_FRAMES ' +
    'NO_LINE OUTLIER FEW_SLICES FEW_LINES NO_AGREEMENT'
  ).split(' '),
);

/** What other codes mean. */
const meanings: Readonly<Record<string, string>> = {
  DICOM: 'A tag of the file is missing, or cannot be used.',
  FILE: 'The file cannot be read.',
  READ: 'The file cannot be read.',
  NIFTI: 'The volume does not follow the standard throughout.',
  GEOMETRY: 'Where the image lies makes no sense.',
  MODALITY: 'It is no MR image.',
  COPY: 'It is a copy of another file, which is used.',
  REPEATED_SLICE: 'The slice was acquired again; the other acquisition is used.',
  REPEATED_VIEW: 'The view was acquired again; the plane of the other acquisition is used.',
  STRAY_SLICE: 'It lies between the evenly spaced slices of a stack and is none of them.',
  OTHER_ECHO: 'Another echo of the same image is used.',
  DERIVED_IMAGE: 'It was computed from other images, which are used.',
  FRAME_OF_REFERENCE: 'Images are in different frames of reference, so their planes do not compare.',
  FRAME_OF_REFERENCE_CHANGES: 'The frame of reference changes within a study.',
  NOT_PARALLEL:
    'The slices make several stacks: they are not parallel, evenly spaced or in one frame of reference.',
  STACKS_APART: 'Slices of some subjects make several stacks beside one another, with locations in each.',
  MISSING_PHASES: "Images of the heart's cycle are missing in some slices; the others keep their phases.",
  SUBJECT_GUESSED: 'PatientIDs do not tell all subjects apart; studies and folders were looked at too.',
  SHARED_ID: 'One id stands for patients of several folders, which were taken as several.',
  INFO_CFG: 'Something of an Info.cfg could not be used.',
  LABELS: 'Something of a file of labels could not be used.',
  UNLABELLED: 'A label says nothing of some subjects.',
  NO_LABELS: 'Some volumes have no labels.',
  PARTIAL_LABELS: 'Labels are not all there in some volumes.',
  UNKNOWN_LABELS: 'A mask has labels that are no class.',
  ORDER_UNKNOWN: 'Which end of the stack is the base is not known.',
  OTHER_SOURCE: 'The folder holds images of another kind too, which are left.',
  NO_PREDICTION: 'There is no class map of it.',
};

/** A reason without what may name somebody. */
export function plainReason({ code, message }: Reason): Reason {
  if (plain.has(code)) return { code, message };
  return { code, message: ownOf(meanings, code) ?? 'What it is was told where the images were read.' };
}

/** Notices that may leave: of each kind one. */
export function plainNotices(notices: readonly Notice[]): Reason[] {
  return [...new Map(notices.map(plainReason).map((one) => [`${one.code} ${one.message}`, one])).values()];
}
