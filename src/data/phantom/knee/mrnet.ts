/** @file Writes phantom knees in the layout of MRNet: a .npy for each case and plane, and label files of the whole cohort. */
import { encodeNpyHeader } from '../../../base/npy.ts';
import type { EncodedFile } from '../elements.ts';
import { type Findings, findingsOf } from './knee.ts';
import { KNEE_PLANES } from './planes.ts';
import type { KneeImage, KneeSubject } from './subject.ts';

const LABELS = ['abnormal', 'acl', 'meniscus'] as const satisfies readonly (keyof Findings)[];
const PARTS = ['train', 'valid'] as const;

/** This share of a series's pixels is brighter than the brightest byte. */
const CUT = 0.002;

/** Every fifth case is held out, whatever the cohort's size. */
const partOf = (index: number): (typeof PARTS)[number] => (index % 5 === 4 ? 'valid' : 'train');
const numberOf = (index: number): string => String(index).padStart(4, '0');

/** A subject as its source calls it: `train/0003`. */
export const mrnetName = (index: number): string => `${partOf(index)}/${numberOf(index)}`;

/** `mrnet/train|valid/<plane>/NNNN.npy`: bytes [slices, rows, columns]. */
export function encodeMrnet({ index, images, settings }: KneeSubject): EncodedFile[] {
  return KNEE_PLANES.map((view) => {
    const own = images.filter((image) => image.view === view);
    return {
      path: `mrnet/${partOf(index)}/${view}/${numberOf(index)}.npy`,
      bytes: npyOf(own, settings.size),
    };
  });
}

/** Stored values of a series, scaled to bytes together. */
function npyOf(images: readonly KneeImage[], size: number): Uint8Array {
  const counts = new Uint32Array(65_536);
  for (const { pixels } of images) for (const value of pixels) counts[value]!++;
  const total = images.reduce((sum, { pixels }) => sum + pixels.length, 0);
  let [brightest, above] = [counts.length - 1, counts.at(-1)!];
  while (brightest > 1 && above < CUT * total) above += counts[--brightest]!;
  const factor = 255 / brightest;
  const head = encodeNpyHeader('|u1', [images.length, size, size]);
  const bytes = new Uint8Array(head.length + total);
  bytes.set(head);
  let at = head.length;
  for (const { pixels } of images)
    for (const value of pixels) bytes[at++] = Math.min(255, Math.round(value * factor));
  return bytes;
}

/** `mrnet/train-abnormal.csv` and so on: a line of number and 0 or 1 for each case of a part. */
export function encodeLabels(seed: number, subjects: number): EncodedFile[] {
  const cases = Array.from({ length: subjects }, (_, index) => ({
    index,
    findings: findingsOf(seed, index),
  }));
  return PARTS.flatMap((part) => {
    const own = cases.filter(({ index }) => partOf(index) === part);
    if (own.length === 0) return [];
    return LABELS.map((label) => {
      const lines = own.map(({ index, findings }) => `${numberOf(index)},${Number(findings[label])}\n`);
      return { path: `mrnet/${part}-${label}.csv`, bytes: new TextEncoder().encode(lines.join('')) };
    });
  });
}
