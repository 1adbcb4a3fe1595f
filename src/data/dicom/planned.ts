/** @file A planned image as a DICOM file: its plane beside the images it was planned on, and what the stack shows in it. */
import { crc32, hashText } from '../../base/hash.ts';
import type { ImagePlane } from '../types.ts';
import { openDicom } from './file.ts';
import type { PixelImage } from './pixels.ts';
import { type Tag, tags } from './tags.ts';
import { DEIDENTIFIED, PLANNED } from './terms.ts';
import { decimals, type Elements, element, encodeMrImage, identifier, MR_IMAGE_STORAGE } from './write.ts';

export interface PlannedImage {
  readonly plane: ImagePlane;
  readonly image: PixelImage;
  /** FrameOfReferenceUID of the images it was planned on. */
  readonly frameOfReferenceUid: string;
  /** SeriesDescription; at most 64 characters count. */
  readonly description: string;
  /** Whom it says it is of, instead of what the source says of patient and study; UIDs stay, or nothing would show it in place. */
  readonly pseudonym?: string;
}

/** One of the images it was planned on. */
export interface SourceFile {
  readonly bytes: Uint8Array;
  readonly file: string;
}

const tag = (id: number, name: string, vr: string): Tag => ({ id, name, vr });

const PATIENT_NAME = tag(0x00100010, 'PatientName', 'PN');
const POSITION = tag(0x00185100, 'PatientPosition', 'CS');

/** What is taken over from the source: patient and study. Empty where it has none (type 2). */
const TAKEN: readonly Tag[] = [
  tags.studyDate,
  tag(0x00080030, 'StudyTime', 'TM'),
  tag(0x00080050, 'AccessionNumber', 'SH'),
  tag(0x00080090, 'ReferringPhysicianName', 'PN'),
  tag(0x00081030, 'StudyDescription', 'LO'),
  PATIENT_NAME,
  tags.patientId,
  tags.birthDate,
  tags.sex,
  POSITION,
  tag(0x00200010, 'StudyID', 'SH'),
  tag(0x00201040, 'PositionReferenceIndicator', 'LO'),
];

/** What is taken over too, where the source has it: empty it would say that it is unknown. */
const TAKEN_IF_THERE: readonly Tag[] = [
  tag(0x00180015, 'BodyPartExamined', 'CS'),
  tag(0x00200060, 'Laterality', 'CS'),
];

/** Largest stored value: 12 bits, as scanners write. */
const LARGEST = 4095;

/** Of whatever is shown, so that the brightest pixel is LARGEST; below zero there is nothing to see. */
function storedPixels({ values }: PixelImage): Uint16Array {
  const most = values.reduce((largest, value) => Math.max(largest, value), 0);
  const factor = most > 0 ? LARGEST / most : 0;
  return Uint16Array.from(values, (value) => Math.round(Math.max(0, value) * factor));
}

const key = ({ id }: Tag): string => id.toString(16).padStart(8, '0').toUpperCase();

/** Of patient and study under a pseudonym: all that names neither, nor a day. */
const TOLD: readonly Tag[] = [...TAKEN_IF_THERE, POSITION];

function takenFrom(
  { bytes, file }: SourceFile,
  pseudonym: string | undefined,
): { elements: Elements; study: string | null } {
  const { data } = openDicom(bytes, file);
  const there = TAKEN_IF_THERE.filter((own) => data.text(own));
  const textOf = (own: Tag): string | null => {
    if (pseudonym === undefined || TOLD.includes(own)) return data.text(own);
    return own === PATIENT_NAME || own === tags.patientId ? pseudonym : null;
  };
  const elements = [...TAKEN, ...there].map((own) => {
    const text = textOf(own);
    return [key(own), text === null ? element(own.vr) : element(own.vr, ...text.split('\\'))] as const;
  });
  const removed: Elements =
    pseudonym === undefined
      ? {}
      : { '00120062': element('CS', 'YES'), '00120063': element('LO', DEIDENTIFIED) };
  return { elements: { ...Object.fromEntries(elements), ...removed }, study: data.text(tags.studyInstance) };
}

function planeElements({ position, rowDirection, columnDirection, spacingMm, rows, columns }: ImagePlane) {
  return {
    '00180050': element('DS', '1'),
    '00200032': decimals(position, 6),
    '00200037': decimals([...rowDirection, ...columnDirection], 9),
    '00280010': element('US', rows),
    '00280011': element('US', columns),
    '00280030': decimals(spacingMm, 8),
  };
}

/** Type 1 and 2 of MR Image (PS3.3 C.8.3.1), of an image that no sequence made. */
const DERIVED: Elements = {
  '00180020': element('CS', 'RM'),
  '00180021': element('CS', 'NONE'),
  '00180022': element('CS'),
  '00180023': element('CS', '2D'),
  '00180080': element('DS'),
  '00180081': element('DS'),
  '00180091': element('IS'),
  '00280002': element('US', 1),
  '00280004': element('CS', 'MONOCHROME2'),
  '00280100': element('US', 16),
  '00280101': element('US', 12),
  '00280102': element('US', 11),
  '00280103': element('US', 0),
  '00281050': element('DS', String((LARGEST + 1) / 2)),
  '00281051': element('DS', String(LARGEST + 1)),
};

/**
 * An MR Image Storage file in the study and frame of reference of `source`, so that viewers show it in place. Series and
 * instance UIDs follow from what it holds: the same plan gives the same bytes. Grey values are scaled to 12 bits; an image
 * of zeros stays one.
 * @throws FileError, DicomError where the source cannot be read
 */
export function encodePlanned(
  { plane, image, frameOfReferenceUid, description, pseudonym }: PlannedImage,
  source: SourceFile,
): Uint8Array {
  const { elements, study } = takenFrom(source, pseudonym);
  const pixels = storedPixels(image);
  const studyUid = study ?? identifier(hashText('study'), hashText(frameOfReferenceUid));
  const place = planeElements(plane);
  const words = [
    hashText(`${studyUid} ${frameOfReferenceUid} ${description}`),
    hashText(JSON.stringify(place)),
    crc32(new Uint8Array(pixels.buffer)),
  ];
  const instance = identifier(...words, hashText('instance'));
  const content: Elements = {
    '00080005': element('CS', 'ISO_IR 192'),
    '00080008': element('CS', 'DERIVED', 'SECONDARY', PLANNED),
    '00080016': element('UI', MR_IMAGE_STORAGE),
    '00080018': element('UI', instance),
    '00080060': element('CS', 'MR'),
    '00080070': element('LO', 'planewise'),
    '0008103E': element('LO', description.slice(0, 64)),
    '00082111': element('ST', 'Planned by a network from a stack of slices. For research only.'),
    ...elements,
    ...DERIVED,
    ...place,
    '0020000D': element('UI', studyUid),
    '0020000E': element('UI', identifier(...words, hashText('series'))),
    '00200011': element('IS', String(SERIES_NUMBER)),
    '00200013': element('IS', '1'),
    '00200052': element('UI', frameOfReferenceUid),
    '7FE00010': { vr: 'OW', Value: [pixels.buffer] },
  };
  return encodeMrImage(content, instance);
}

/** High, so that lists of series end with it. */
const SERIES_NUMBER = 9001;
