/** @file Writes a phantom subject as MR Image Storage files in the folder layout of DSBCC. */

import { hashText } from '../../base/hash.ts';
import { decimals, type Elements, element, encodeMrImage, identifier } from '../dicom/write.ts';
import { type EncodedFile, examinationElements, pixelElements, planeElements } from './elements.ts';
import { SLICE_THICKNESS_MM } from './planes.ts';
import type { PhantomImage, PhantomSubject } from './subject.ts';

export type { EncodedFile } from './elements.ts';

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
      ...pixelElements(image.pixels),
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

/** Patient, study and equipment: the same in all files of a subject. */
function studyElements(subject: PhantomSubject, words: readonly number[]): Elements {
  return {
    ...examinationElements(subject, subject.info, words),
    '00081030': element('LO', 'Cardiac phantom'),
    '00180015': element('CS', 'HEART'),
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

function phaseElements({ info }: PhantomSubject, { phase }: PhantomImage): Elements {
  return {
    '00181060': decimals([info.triggerTimesMs[phase]!], 1),
    '00181062': element('IS', String(info.cycleMs)),
    '00181088': element('IS', String(Math.round(60_000 / info.cycleMs))),
    '00181090': element('IS', String(info.phases)),
    '00200013': element('IS', String(phase + 1)),
  };
}
