/** @file What a DICOM file is other than an MR image: another modality, a directory, a report, a mosaic. */

import type { Reason } from '../types.ts';
import type { DicomFile } from './file.ts';
import { tags } from './tags.ts';

const directory = '1.2.840.10008.1.3.10';

/** SOP classes of MR images (PS3.4 §B.5), for files without Modality. */
const imageClasses = new Set([
  '1.2.840.10008.5.1.4.1.1.4',
  '1.2.840.10008.5.1.4.1.1.4.1',
  '1.2.840.10008.5.1.4.1.1.4.4',
]);

const screenCapture = '1.2.840.10008.5.1.4.1.1.7';

const otherClasses: readonly (readonly [prefix: string, name: string])[] = [
  ['1.2.840.10008.5.1.4.1.1.2', 'a CT image'],
  ['1.2.840.10008.5.1.4.1.1.4.2', 'an MR spectrum'],
  ['1.2.840.10008.5.1.4.1.1.4.3', 'a colour MR image'],
  [screenCapture, 'a screen capture (Secondary Capture)'],
  ['1.2.840.10008.5.1.4.1.1.11', 'a presentation state'],
  ['1.2.840.10008.5.1.4.1.1.66', 'a registration, segmentation or raw data'],
  ['1.2.840.10008.5.1.4.1.1.88', 'a structured report'],
  ['1.2.840.10008.5.1.4.1.1.104', 'an encapsulated document'],
  ['1.2.840.10008.5.1.4.1.1.128', 'a PET image'],
  ['1.2.840.10008.5.1.4.1.1.481', 'a radiotherapy object'],
];

function ofClass(sopClass: string): string | null {
  if (imageClasses.has(sopClass)) return null;
  const known = otherClasses.find(([prefix]) => sopClass === prefix || sopClass.startsWith(`${prefix}.`));
  return known?.[1] ?? null;
}

/** Why a file is no MR image, by its Modality (0008,0060), SOP class and ImageType; null where it may be one. */
export function notAnImage({ data, sopClass }: DicomFile): Reason | null {
  if (sopClass === directory)
    return { code: 'DICOMDIR', message: 'It lists other files (DICOMDIR) and holds no image.' };
  const modality = data.terms(tags.modality)[0];
  if (modality !== undefined && modality !== 'MR')
    return { code: 'MODALITY', message: `Its Modality (0008,0060) is ${modality}, not MR.` };
  const other = sopClass === null ? null : ofClass(sopClass);
  // Converters write MR images as screen captures that know where they lie.
  if (other !== null && !(sopClass?.startsWith(screenCapture) && data.element(tags.position)))
    return { code: 'MODALITY', message: `It is ${other}, not an MR image (SOPClassUID ${sopClass}).` };
  const siemens = data.text(tags.siemensCreator)?.startsWith('SIEMENS MR');
  if (data.terms(tags.imageType).includes('MOSAIC') || (siemens && (data.hint(tags.mosaicImages) ?? 0) > 1))
    return {
      code: 'MOSAIC',
      message: 'It holds many slices as tiles of one image (a mosaic); export one slice an image.',
    };
  return null;
}
