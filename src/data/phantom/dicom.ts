/** @file Writes a phantom subject as MR Image Storage files in the folder layout of DSBCC. */

import { hashText, hashWords } from '../../base/hash.ts';
import {
  decimals,
  type Elements,
  element,
  encodeMrImage,
  identifier,
  MR_IMAGE_STORAGE,
} from '../dicom/write.ts';
import type { ImagePlane } from '../types.ts';
import { cross, dot } from '../vector.ts';
import { LARGEST_VALUE } from './acquisition.ts';
import { SLICE_THICKNESS_MM } from './planes.ts';
import type { PhantomImage, PhantomSubject } from './subject.ts';

/** A file's path in the cohort, with forward slashes, and its content. */
export interface EncodedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Days from which examination dates are drawn: 2000-01-01 and the 7300 days after it. */
const FIRST_DAY = Date.UTC(2000, 0, 1);
const DAYS = 7300;

/** Everything that the identifiers of a subject depend on, so that different options give different ones. */
function subjectWords({ seed, index, settings }: PhantomSubject): number[] {
  return [seed, index, hashText(JSON.stringify(settings))];
}

/** The series number: long-axis views first, then the stack from base to apex. */
function seriesOf({ view, slice }: PhantomImage): number {
  return view === '2ch' ? 1 : view === '4ch' ? 2 : slice + 3;
}

const DESCRIPTIONS = { sax: 'cine short axis', '2ch': 'cine 2-chamber', '4ch': 'cine 4-chamber' } as const;

/** All images of a subject as `<id>/study/<view>_<n>/IM-<series>-<phase>.dcm`. */
export function encodeDicom(subject: PhantomSubject): EncodedFile[] {
  const words = subjectWords(subject);
  const study = studyElements(subject, words);
  return subject.images.map((image) => {
    const series = seriesOf(image);
    const instance = identifier(...words, series, image.phase + 1);
    const content = {
      ...study,
      ...seriesElements(image, words),
      ...planeElements(image.plane, subject.info.sliceDistanceMm),
      ...phaseElements(subject, image),
      ...pixelElements(image),
      '00080018': element('UI', instance),
    };
    return { path: pathOf(subject, image), bytes: encodeMrImage(content, instance) };
  });
}

function pathOf(subject: PhantomSubject, image: PhantomImage): string {
  const series = seriesOf(image);
  const name = `IM-${String(series).padStart(4, '0')}-${String(image.phase + 1).padStart(4, '0')}.dcm`;
  const folder = image.view === 'sax' ? image.slice + 1 : 1;
  return `${subject.id}/study/${image.view}_${folder}/${name}`;
}

/** A day of the examination as YYYYMMDD, drawn by the subject's numbers. */
function dateOf(words: readonly number[], yearsBefore: number): string {
  const day = (hashWords(...words, hashText('date')) >>> 0) % DAYS;
  const date = new Date(FIRST_DAY + day * 86_400_000);
  const year = date.getUTCFullYear() - yearsBefore;
  const part = (value: number): string => String(value).padStart(2, '0');
  return `${year}${part(date.getUTCMonth() + 1)}${part(Math.min(28, date.getUTCDate()))}`;
}

/** Patient, study and equipment: the same in all files of a subject. */
function studyElements(subject: PhantomSubject, words: readonly number[]): Elements {
  const { id, info } = subject;
  const date = dateOf(words, 0);
  return {
    '00080005': element('CS', 'ISO_IR 100'),
    '00080008': element('CS', 'ORIGINAL', 'PRIMARY', 'OTHER'),
    '00080016': element('UI', MR_IMAGE_STORAGE),
    '0008001C': element('CS', 'YES'),
    '00080020': element('DA', date),
    '00080023': element('DA', date),
    '00080030': element('TM', '120000'),
    '00080033': element('TM', '120000'),
    '00080050': element('SH'),
    '00080060': element('CS', 'MR'),
    '00080070': element('LO', 'planewise'),
    '00080090': element('PN'),
    '00081030': element('LO', 'Cardiac phantom'),
    '00081090': element('LO', 'phantom'),
    '00100010': element('PN', `PHANTOM^${id}`),
    '00100020': element('LO', id),
    '00100030': element('DA', dateOf(words, info.ageYears)),
    '00100040': element('CS', info.sex),
    '00101010': element('AS', `${String(info.ageYears).padStart(3, '0')}Y`),
    '00101020': decimals([info.heightCm / 100], 2),
    '00101030': decimals([info.weightKg], 1),
    '00180015': element('CS', 'HEART'),
    '0020000D': element('UI', identifier(...words)),
    '00200010': element('SH', String(subject.index + 1)),
    '00200052': element('UI', identifier(...words, hashText('frame of reference'))),
    '00201040': element('LO'),
    ...SEQUENCE,
  };
}

/** A balanced steady-state cine sequence, breath-held and gated. */
const SEQUENCE: Elements = {
  '00180020': element('CS', 'GR'),
  '00180021': element('CS', 'SS'),
  '00180022': element('CS', 'CG'),
  '00180023': element('CS', '2D'),
  '00180050': decimals([SLICE_THICKNESS_MM], 2),
  '00180080': element('DS', '3.2'),
  '00180081': element('DS', '1.6'),
  '00180083': element('DS', '1'),
  '00180087': element('DS', '1.5'),
  '00180091': element('IS', '1'),
  '00181314': element('DS', '50'),
  '00185100': element('CS', 'HFS'),
};

function seriesElements(image: PhantomImage, words: readonly number[]): Elements {
  const series = seriesOf(image);
  return {
    '0008103E': element('LO', DESCRIPTIONS[image.view]),
    '0020000E': element('UI', identifier(...words, series)),
    '00200011': element('IS', String(series)),
  };
}

function planeElements(plane: ImagePlane, sliceDistanceMm: number): Elements {
  const { position, rowDirection, columnDirection, spacingMm, rows, columns } = plane;
  return {
    '00180088': decimals([sliceDistanceMm], 6),
    '00200032': decimals(position, 8),
    '00200037': decimals([...rowDirection, ...columnDirection], 12),
    '00201041': decimals([dot(position, cross(rowDirection, columnDirection))], 8),
    '00280010': element('US', rows),
    '00280011': element('US', columns),
    '00280030': decimals(spacingMm, 10),
  };
}

function phaseElements({ info }: PhantomSubject, { phase }: PhantomImage): Elements {
  return {
    '00181060': decimals([info.triggerTimesMs[phase]!], 1),
    '00181062': element('IS', String(info.cycleMs)),
    '00181088': element('IS', String(Math.round(60_000 / info.cycleMs))),
    '00181090': element('IS', String(info.phases)),
    '00200013': element('IS', String(phase + 1)),
  };
}

function pixelElements({ pixels }: PhantomImage): Elements {
  const largest = pixels.reduce((most, value) => Math.max(most, value), 1);
  return {
    '00280002': element('US', 1),
    '00280004': element('CS', 'MONOCHROME2'),
    '00280100': element('US', 16),
    '00280101': element('US', Math.log2(LARGEST_VALUE + 1)),
    '00280102': element('US', Math.log2(LARGEST_VALUE + 1) - 1),
    '00280103': element('US', 0),
    '00281050': decimals([largest / 2], 1),
    '00281051': decimals([largest], 1),
    '7FE00010': { vr: 'OW', Value: [pixels.slice().buffer] },
  };
}
