/** @file Writes a phantom knee as MR Image Storage files, a series for each of its three stacks. */
import { hashText } from '../../../base/hash.ts';
import { decimals, type Elements, element, encodeMrImage, identifier } from '../../dicom/write.ts';
import { type EncodedFile, examinationElements, pixelElements, planeElements } from '../elements.ts';
import { KNEE_PLANES, type KneePlane, SLICE_THICKNESS_MM } from './planes.ts';
import type { KneeImage, KneeSubject } from './subject.ts';

export const DESCRIPTIONS: Readonly<Record<KneePlane, string>> = {
  sagittal: 'Sag PD FS',
  coronal: 'Cor PD FS',
  axial: 'Ax PD FS',
};

/** A turbo spin echo sequence, weighted by proton density, with fat suppressed. */
const SEQUENCE: Elements = {
  '00180020': element('CS', 'SE'),
  '00180021': element('CS', 'SK'),
  '00180022': element('CS', 'FS'),
  '00180023': element('CS', '2D'),
  '00180050': decimals([SLICE_THICKNESS_MM], 2),
  '00180080': element('DS', '3000'),
  '00180081': element('DS', '34'),
  '00180083': element('DS', '1'),
  '00180087': element('DS', '1.5'),
  '00180091': element('IS', '8'),
  '00181314': element('DS', '90'),
  '00185100': element('CS', 'FFS'),
};

const seriesOf = (view: KneePlane): number => KNEE_PLANES.indexOf(view) + 1;

/** All images of a knee as `<id>/study/Sag_PD_FS/IM-<series>-<slice>.dcm` and so on. */
export function encodeKneeDicom(subject: KneeSubject): EncodedFile[] {
  const { seed, index, settings, person, side } = subject;
  const words = [seed, index, hashText(JSON.stringify({ anatomy: 'knee', ...settings }))];
  const study = {
    ...examinationElements(subject, person, words),
    '00081030': element('LO', 'Knee phantom'),
    '00180015': element('CS', 'KNEE'),
    '00200060': element('CS', side),
    ...SEQUENCE,
  };
  return subject.images.map((image) => {
    const instance = identifier(...words, seriesOf(image.view), image.slice + 1);
    const content = {
      ...study,
      ...seriesElements(image, words),
      ...planeElements(image.plane, subject.distancesMm[image.view]),
      ...pixelElements(image.pixels),
      '00080018': element('UI', instance),
    };
    return { path: kneePath(subject, image), bytes: encodeMrImage(content, instance) };
  });
}

/** Where the image is written. */
export function kneePath({ id }: Pick<KneeSubject, 'id'>, { view, slice }: KneeImage): string {
  const number = (value: number): string => String(value).padStart(4, '0');
  const folder = DESCRIPTIONS[view].replaceAll(' ', '_');
  return `${id}/study/${folder}/IM-${number(seriesOf(view))}-${number(slice + 1)}.dcm`;
}

function seriesElements({ view, slice }: KneeImage, words: readonly number[]): Elements {
  const series = seriesOf(view);
  return {
    '0008103E': element('LO', DESCRIPTIONS[view]),
    '0020000E': element('UI', identifier(...words, series)),
    '00200011': element('IS', String(series)),
    '00200013': element('IS', String(slice + 1)),
  };
}
