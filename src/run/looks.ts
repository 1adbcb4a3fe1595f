/** @file Positions in which planning looks at the slices of a stack, and how lines come back from them. */
import { transformLine } from '../data/affine.ts';
import { type Input, oneImage } from '../data/input.ts';
import type { Affine } from '../data/types.ts';
import type { FoundLine } from '../planning/evidence.ts';

/** A way to look at images of so many pixels on a side. */
export interface Look {
  readonly input: Input;
  readonly back: (found: FoundLine, size: number) => FoundLine;
}

/** Within what training usually turns images by. */
const TURN_DEG = 12;

/** Turned pixel → pixel of the image. */
function rotation(degrees: number, size: number): Affine {
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const middle = (size - 1) / 2;
  return [c, -s, middle - c * middle + s * middle, s, c, middle - s * middle - c * middle];
}

function lookAt(degrees: number): Look {
  if (degrees === 0) return { input: oneImage, back: (found) => found };
  const pick: Input['pick'] = ({ sample, size }) => ({
    views: [{ sample, matrix: rotation(degrees, size), gain: 1, offset: 0 }],
    drawn: 0,
  });
  return {
    input: { name: `turned by ${degrees}`, views: 1, pick },
    back: (found, size) => ({ ...found, line: transformLine(found.line, rotation(degrees, size)) }),
  };
}

/** As it lies, or in so many positions evenly spread over ±12°. */
export const looksOf = (positions: number): Look[] =>
  Array.from({ length: positions }, (_, i) =>
    lookAt(positions === 1 ? 0 : TURN_DEG * ((2 * i) / (positions - 1) - 1)),
  );
