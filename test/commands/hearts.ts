/** @file Patients laid out as ACDC whose structures are as bright as their labels: a network finds them within seconds. */
import type { FileSource } from '../../src/data/types.ts';
import { maskFile, textFile, volumeFile } from '../data/sources/volumes.ts';

/** Right ventricle, myocardium and left ventricle side by side; `shift` moves them. */
export const labelAt = (shift: number) => (i: number, j: number) =>
  j >= 3 && j < 9 && i >= 2 + shift && i < 11 + shift ? 1 + Math.floor((i - 2 - shift) / 3) : 0;

/** The labels that a patient has in one phase, of those drawn. */
type Drawn = (label: number) => number;

const all: Drawn = (label) => label;

/** Frames 1 (ED) and 2 (ES) of patients 1 … `count`. @param drawn what of the labels the masks tell */
export function hearts(count: number, drawn = all): FileSource[] {
  return Array.from({ length: count }, (_, n) => n + 1).flatMap((n) => {
    const id = `patient00${n}`;
    const frames = [1, 2].flatMap((frame) => {
      const label = labelAt((n + frame) % 4);
      const value = (i: number, j: number, k: number) => 100 * label(i, j) + ((7 * i + 5 * j + k) % 10);
      const name = `${id}/${id}_frame0${frame}`;
      return [
        volumeFile(`${name}.nii.gz`, { value }),
        maskFile(`${name}_gt.nii.gz`, { value: (i, j) => drawn(label(i, j)) }),
      ];
    });
    return [textFile(`${id}/Info.cfg`, 'ED: 1\nES: 2\nGroup: NOR\n'), ...frames];
  });
}
