/** @file What a segmentation takes over from an image that it is of: identity, patient, study, and where it lies, to the digit. */
import type { DataSet } from '../dataset.ts';
import { openDicom } from '../file.ts';
import { dataOf } from '../frames.ts';
import { type Tag, tags } from '../tags.ts';

/** The patient and study of an image; texts are empty where it has none. */
export interface SourceStudy {
  readonly patientName: string;
  readonly patientId: string;
  readonly birthDate: string;
  readonly sex: string;
  readonly studyUid: string;
  readonly studyDate: string;
  readonly studyTime: string;
  readonly studyId: string;
  readonly accessionNumber: string;
  readonly referringPhysician: string;
  readonly frameOfReferenceUid: string;
  /** Whether the patient goes by a pseudonym. */
  readonly isPseudonymous?: boolean;
}

/** An image that was segmented. */
export interface SegmentedImage {
  readonly study: SourceStudy;
  readonly seriesUid: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** From 1, in a file of several images. */
  readonly frameNumber: number | null;
  readonly rows: number;
  readonly columns: number;
  /** As the header has them. */
  readonly position: readonly number[];
  readonly orientation: readonly number[];
  /** PixelSpacing, [between rows, between columns], mm. */
  readonly spacing: readonly number[];
  /** mm; null where the header has none. */
  readonly thickness: number | null;
  /** When its content was made: YYYYMMDD and HHMMSS; empty where the header does not say. */
  readonly date: string;
  readonly time: string;
}

/** Longest UI (PS3.5 6.2): of a longer one only the beginning would be written, which names another image. */
const MOST = 64;

/** @param uid what stands for it, as a rule what the image says */
function requiredUid(data: DataSet, tag: Tag, uid = data.text(tag)): string {
  if (uid !== null && uid.length <= MOST) return uid;
  const problem = uid === null ? 'is missing' : `has ${uid.length} characters, and a UID at most ${MOST}`;
  throw data.error(
    tag,
    problem,
    'A DICOM segmentation must name it; write NIfTI, or export the image again.',
  );
}

function studyOf(data: DataSet, frameOfReferenceUid: string | null): SourceStudy {
  const text = (tag: Tag): string => data.text(tag) ?? '';
  return {
    patientName: text(tags.patientName),
    patientId: text(tags.patientId),
    birthDate: text(tags.birthDate),
    sex: text(tags.sex),
    studyUid: requiredUid(data, tags.studyInstance),
    studyDate: text(tags.studyDate),
    studyTime: text(tags.studyTime),
    studyId: text(tags.studyId),
    accessionNumber: text(tags.accessionNumber),
    referringPhysician: text(tags.referringPhysician),
    frameOfReferenceUid: requiredUid(data, tags.frameOfReference, frameOfReferenceUid ?? undefined),
  };
}

/** An image whose patient goes by a pseudonym: no name, number or date; UIDs stay, for a segmentation refers to them. */
export function pseudonymous(image: SegmentedImage, pseudonym: string): SegmentedImage {
  const { studyUid, frameOfReferenceUid } = image.study;
  return {
    ...image,
    study: {
      ...{ patientName: pseudonym, patientId: pseudonym, birthDate: '', sex: '' },
      ...{ studyUid, studyDate: '', studyTime: '', studyId: '', accessionNumber: '' },
      ...{ referringPhysician: '', frameOfReferenceUid, isPseudonymous: true },
    },
    date: '',
    time: '',
  };
}

/** The first date that is given, with its time. */
function madeAt(data: DataSet): Pick<SegmentedImage, 'date' | 'time'> {
  const pairs: readonly (readonly [Tag, Tag])[] = [
    [tags.contentDate, tags.contentTime],
    [tags.acquisitionDate, tags.acquisitionTime],
    [tags.seriesDate, tags.seriesTime],
    [tags.studyDate, tags.studyTime],
  ];
  for (const [date, time] of pairs) {
    const day = data.text(date);
    if (day !== null) return { date: day, time: data.text(time) ?? '' };
  }
  return { date: '', time: '' };
}

/** Which of a file's images, and what is known of it. */
export interface ImagePlace {
  /** Of a file of several images, from 0; null of a file of one. */
  readonly frame: number | null;
  /** Of the stack that it is of, where that is known; else as its header says. */
  readonly frameOfReferenceUid: string | null;
}

/**
 * What of an image's file goes into a segmentation of it.
 * @throws FileError for what is no DICOM; DicomError where a UID, or where the image lies, is missing
 */
export function segmentedImage(
  bytes: Uint8Array,
  file: string,
  { frame, frameOfReferenceUid }: ImagePlace,
): SegmentedImage {
  const dicom = openDicom(bytes, file);
  const data = dataOf(dicom)[frame ?? 0]!;
  return {
    study: studyOf(data, frameOfReferenceUid),
    seriesUid: requiredUid(data, tags.seriesInstance),
    sopClassUid: requiredUid(data, tags.sopClass),
    sopInstanceUid: requiredUid(data, tags.sopInstance),
    frameNumber: frame === null ? null : frame + 1,
    rows: data.count(tags.rows),
    columns: data.count(tags.columns),
    position: data.required(tags.position, 3),
    orientation: data.required(tags.orientation, 6),
    spacing: data.required(tags.pixelSpacing, 2),
    thickness: data.hint(tags.sliceThickness),
    ...madeAt(data),
  };
}
