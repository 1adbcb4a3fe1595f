/** @file What an image is by its ImageType: a magnitude image to learn from, or something beside it. */

import type { DicomHeader } from '../dicom/header.ts';
import { PLANNED } from '../dicom/terms.ts';
import { groupBy } from '../lists.ts';
import { type LeftOut, type ScannedImage, seriesOf } from '../scan.ts';
import type { Reason } from '../types.ts';

const reasons = {
  LOCALIZER: 'It is a localizer (ImageType or description), not a slice of a stack.',
  PHASE_IMAGE: 'It is a phase or velocity image (ImageType), not a magnitude image.',
  COMPLEX_PART: 'It is the real or imaginary part of an image (ImageType), not its magnitude.',
  PARAMETER_MAP: 'It is a map of a parameter or a projection computed from other images (ImageType).',
  PLANNED: 'It is a plane that was planned, not an image that was acquired (ImageType).',
} as const;

type Role = keyof typeof reasons;

/** The terms that vendors write from the third value of ImageType on. */
const terms: Readonly<Record<Role, ReadonlySet<string>>> = {
  LOCALIZER: new Set(['LOCALIZER', 'LOCALISER', 'SCOUT']),
  PHASE_IMAGE: new Set(
    'P|PHASE|PHASE MAP|PHASE_MAP|PHASE CONTRAST|P_FFE|P_PCA|P_SE|P_IR|PCA|VELOCITY|VELOCITY MAP|V|FLOW'.split(
      '|',
    ),
  ),
  COMPLEX_PART: new Set('R|I|REAL|IMAGINARY|R_FFE|I_FFE|R_SE|I_SE|R_IR|I_IR'.split('|')),
  PLANNED: new Set([PLANNED]),
  PARAMETER_MAP: new Set(
    'T1 MAP|T2 MAP|T2_STAR MAP|T2STAR MAP|R2_STAR MAP|ADC|FA|PERFUSION_MAP|STDDEV|STD_DEVIATION|SUBTRACTION|MIP|MAX_IP|MIN_IP|MINIP|MPR|REFORMATTED|PROJECTION IMAGE|CSA MPR'.split(
      '|',
    ),
  ),
};

const magnitude = new Set('M|MAGNITUDE|M_FFE|M_PCA|M_SE|M_IR|MAG'.split('|'));

const scout = /locali[sz]er|scout|(^|[^a-z])(survey|(3|three)[ _-]?plane)([^a-z]|$)/i;
const cine = /cine/i;

function roleOf({ imageType, component }: DicomHeader): Role | null {
  const own = imageType.slice(2);
  const has = (role: Role): boolean => own.some((term) => terms[role].has(term));
  if (has('LOCALIZER')) return 'LOCALIZER';
  if (has('PLANNED')) return 'PLANNED';
  if (component === 'PHASE') return 'PHASE_IMAGE';
  if (component === 'REAL' || component === 'IMAGINARY') return 'COMPLEX_PART';
  if (component === 'MAGNITUDE' || own.some((term) => magnitude.has(term))) return null;
  return (['PHASE_IMAGE', 'COMPLEX_PART', 'PARAMETER_MAP'] as const).find(has) ?? null;
}

const whyNot = (role: Role): Reason => ({ code: role, message: reasons[role] });

/** Whether a series calls itself a localizer and is one: no cine, and no two images at one place. */
function isScout(images: readonly ScannedImage[]): boolean {
  const description = images[0]!.header.seriesDescription ?? '';
  if (!scout.test(description) || cine.test(description)) return false;
  const places = images.map(({ header: { plane } }) =>
    [plane.position, plane.rowDirection, plane.columnDirection].join(),
  );
  return new Set(places).size === images.length;
}

/** The images that are none to learn from, nor to take a plane from, and why: by ImageType, localizers by description too. */
export function unwanted(images: readonly ScannedImage[]): LeftOut {
  const left: LeftOut = new Map();
  for (const series of groupBy(images, seriesOf).values()) {
    const scouts = isScout(series);
    for (const image of series) {
      const role = scouts ? 'LOCALIZER' : roleOf(image.header);
      if (role) left.set(image, whyNot(role));
    }
  }
  return left;
}
