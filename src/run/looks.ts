/** @file Ways to look at the slices of a stack: as the weights' images lay, and turned a little. */
import { composeAffine, invertAffine } from '../data/affine.ts';
import type { Input } from '../data/input.ts';
import type { Affine, PreparedImage } from '../data/types.ts';
import { pageMap, type Turn, turnOf, upright } from '../data/upright.ts';
import type { WeightsInfo } from './trained.ts';

/** Pixel as the network looks at it → pixel of the image. */
export type Look = (image: PreparedImage) => Affine;

/** Within what training usually turns images by. */
const TURN_DEG = 12;

/** Degrees to turn images by in so many positions. */
export const anglesOf = (positions: number): number[] =>
  Array.from({ length: positions }, (_, i) =>
    positions === 1 ? 0 : TURN_DEG * ((2 * i) / (positions - 1) - 1),
  );

/** Turned pixel → pixel of the image. */
function rotation(degrees: number, size: number): Affine {
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const middle = (size - 1) / 2;
  return [c, -s, middle - c * middle + s * middle, s, c, middle - s * middle - c * middle];
}

/** Whichever way images are stored, they are looked at as those lay that the weights were trained on, turned by `degrees`. */
export function lookOf(
  { size, targetView, turned = upright }: Pick<WeightsInfo, 'size' | 'targetView' | 'turned'>,
  degrees = 0,
): Look {
  const onPage = composeAffine(invertAffine(pageMap(turned, size)), rotation(degrees, size));
  const maps = new Map<Turn, Affine>();
  return ({ plane }) => {
    const turn = turnOf(targetView, plane);
    const map = maps.get(turn) ?? composeAffine(pageMap(turn, size), onPage);
    maps.set(turn, map);
    return map;
  };
}

/** Images under a look. */
export const looked = (look: Look, degrees: number): Input => ({
  name: `turned by ${degrees}`,
  views: 1,
  pick: ({ sample }) => ({ views: [{ sample, matrix: look(sample), gain: 1, offset: 0 }], drawn: 0 }),
});
