/** @file The phantom cohorts: seeded synthetic beating hearts as cardiac cine MR, and knees, made in memory. */

import { encodeAcdc } from './phantom/acdc.ts';
import { type EncodedFile, encodeDicom } from './phantom/dicom.ts';
import type { PhantomSubject } from './phantom/subject.ts';
import type { FileSource } from './types.ts';

export { encodeAcdc } from './phantom/acdc.ts';
export { anatomies, layoutsOf } from './phantom/anatomies.ts';
export { type EncodedFile, encodeDicom } from './phantom/dicom.ts';
export type { KneeOptions } from './phantom/knee/settings.ts';
export {
  type KneeImage,
  type KneeSubject,
  type KneeTruth,
  kneeSubject,
  kneeTruth,
} from './phantom/knee/subject.ts';
export { PHANTOM_ANATOMIES, type PhantomAnatomy } from './phantom/names.ts';
export {
  PHANTOM_GROUPS,
  type PhantomDifficulty,
  type PhantomGroup,
  type PhantomOptions,
  type PhantomSettings,
  phantomSettings,
} from './phantom/settings.ts';
export {
  type PhantomImage,
  type PhantomInfo,
  type PhantomSubject,
  type PhantomTruth,
  type PhantomView,
  phantomId,
  phantomSubject,
  phantomTruth,
} from './phantom/subject.ts';
export { LABELS } from './phantom/ventricles.ts';

/**
 * All files of a subject: DICOM for pretraining (`<id>/study/<view>_<n>/IM-xxxx-yyyy.dcm`, as DSBCC) and
 * labelled NIfTI (`acdc/<id>/…`, as ACDC).
 */
export function encodePhantomSubject(subject: PhantomSubject): EncodedFile[] {
  return [...encodeDicom(subject), ...encodeAcdc(subject)];
}

/** Encoded files as sources, for reading them without a disk. */
export function phantomSources(files: readonly EncodedFile[]): FileSource[] {
  return files.map(({ path, bytes }) => ({ path, read: async () => bytes }));
}
