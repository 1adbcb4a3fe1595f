/** @file Which way of the patient an image's edges lie. */
import type { ImagePlane, Vec3 } from '../../src/data/types.ts';

/** Of LPS coordinates, the negative way first (DICOM C.7.6.2.1.1). */
const letters = ['RL', 'AP', 'IS'] as const;

/** A second letter where a direction is more than 22.5° away from the first. */
const LEAST = Math.sin(Math.PI / 8);

/** Letters of a direction in the patient, the most fitting first (as DICOM (0020,0020) has them, C.7.6.1.1.1). */
export function directionLetters(direction: Vec3): string {
  return direction
    .map((part, axis) => ({ size: Math.abs(part), letter: letters[axis]![part > 0 ? 1 : 0]! }))
    .filter(({ size }) => size >= LEAST)
    .sort((a, b) => b.size - a.size)
    .map(({ letter }) => letter)
    .join('');
}

const opposite = ([x, y, z]: Vec3): Vec3 => [-x, -y, -z];

/** Of the image's edges. */
export function edgeLetters({ rowDirection, columnDirection }: ImagePlane): {
  readonly left: string;
  readonly right: string;
  readonly top: string;
  readonly bottom: string;
} {
  return {
    left: directionLetters(opposite(rowDirection)),
    right: directionLetters(rowDirection),
    top: directionLetters(opposite(columnDirection)),
    bottom: directionLetters(columnDirection),
  };
}
