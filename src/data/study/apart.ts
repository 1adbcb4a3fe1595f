/** @file Stacks beside one another that may be parts of one: their slice locations count in each alone. */

import { plural, some } from '../../base/words.ts';
import { planeNormal } from '../geometry.ts';
import { stackPositions } from '../stackgeometry.ts';
import type { ImagePlane, Notice } from '../types.ts';
import { dot } from '../vector.ts';
import type { Stack } from './stacks.ts';

/** Cosine of the largest angle between slices of what may have been one stack: 10°. */
const LEAST_COSINE = Math.cos((10 * Math.PI) / 180);

const planesOf = ({ locations }: Stack): ImagePlane[] => locations.map(([first]) => first!.header.plane);

const sideOf = ({ locations }: Stack): string | null => locations[0]![0]!.header.laterality;

/** Whether two stacks of a space are nearly parallel and share no part of the way along them. */
function areApart(a: Stack, b: Stack): boolean {
  if (a.space !== b.space || sideOf(a) !== sideOf(b)) return false;
  const [one, other] = [planesOf(a), planesOf(b)];
  if (Math.abs(dot(planeNormal(one[0]!), planeNormal(other[0]!))) < LEAST_COSINE) return false;
  const positions = stackPositions([...one, ...other]);
  const [own, others] = [positions.slice(0, one.length), positions.slice(one.length)];
  return Math.max(...own) < Math.min(...others) || Math.max(...others) < Math.min(...own);
}

/** Of a subject's stacks of several slices, those that lie beside another: slices of each. */
export function stacksApart(stacks: readonly Stack[]): number[] {
  const whole = stacks.filter(({ locations }) => locations.length > 1);
  const apart = whole.filter((own) => whole.some((other) => other !== own && areApart(own, other)));
  return apart.map(({ locations }) => locations.length);
}

/** @param found slices of each of these stacks, by subject */
export function apartNotice(found: ReadonlyMap<string, readonly number[]>, view: string): Notice[] {
  const [first] = found;
  if (!first) return [];
  const who = some([...found.keys()], 3);
  const message = `The ${view} slices of ${plural(found.size, 'subject')} (${who}) make stacks that lie beside one another, of ${first[1].join(' and ')} slices in ${first[0]}: apart by a gap, their direction or their number of phases. Locations run from 0 to 1 in each; where they are one stack, complete it or leave the subject out.`;
  return [{ code: 'STACKS_APART', message }];
}
