import { expect, it } from 'vitest';
import { shownImages } from '../../src/train/shown.ts';

const image = (subject: string, frame: number, slice: number) => ({ subject, frame, slice });

it('shown are slices of the first phase, evenly from base to apex, of the first subjects', () => {
  const stack = (subject: string, frame: number, slices: readonly number[]) =>
    slices.map((slice) => image(subject, frame, slice));
  const images = [
    ...stack('b', 3, [2, 0, 1]),
    ...stack('b', 1, [4, 3, 2, 1, 0, 5]),
    ...stack('a', 0, [1, 0]),
    ...stack('c', 0, [0, 1, 2, 3]),
    ...stack('b', 1, [7, 6, 8]),
  ];
  expect(shownImages(images, { subjects: 2, slices: 3 })).toEqual([
    image('b', 1, 1),
    image('b', 1, 4),
    image('b', 1, 7),
    image('a', 0, 0),
    image('a', 0, 1),
  ]);
  expect(shownImages(images, { subjects: 9, slices: 1 })).toEqual([
    image('b', 1, 4),
    image('a', 0, 1),
    image('c', 0, 2),
  ]);
  expect(shownImages([], { subjects: 2, slices: 3 })).toEqual([]);
});
