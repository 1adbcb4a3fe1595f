/** @file Companions against slow searches over a part with two subjects, phases, a second study and a plane across. */
import { describe, expect, it } from 'vitest';
import { companionsOf } from '../../src/data/companions.ts';
import type { Sample } from '../../src/data/sample.ts';
import type { Vec3 } from '../../src/data/types.ts';
import { sampleOf } from '../tasks/samples.ts';

const plane = (position: Vec3, across = false): Sample['plane'] => ({
  ...sampleOf().plane,
  position,
  ...(across && { columnDirection: [0, 0, -1] }),
});

/** Stored base last, phases of a slice up to 0.3 mm apart; towards the feet is towards the apex. */
function slicesOf(subject: string, count: number, phases: number, space = 0): Partial<Sample>[] {
  return Array.from({ length: count * phases }, (_, i) => {
    const [slice, frame] = [count - 1 - Math.floor(i / phases), i % phases];
    return { subject, space, slice, frame, plane: plane([0, 0, -8 * slice + 0.1 * frame]) };
  });
}

const samples = [
  ...slicesOf('a', 4, 4),
  ...slicesOf('b', 3, 2),
  ...slicesOf('a', 2, 1, 1),
  { subject: 'a', space: 0, plane: plane([0, 0, 0], true) },
  { subject: 'c', space: 0, plane: plane([0, 0, 0]) },
].map((labels, index) => sampleOf({ ...labels, index }));
const among = companionsOf(samples);
const places = (found: readonly Sample[]) => found.map(({ slice, frame }) => [slice, frame]);

describe('companions', () => {
  it('of a stack are the slices of its phase from base to apex, of one subject, study and orientation', () => {
    for (const sample of samples.slice(0, 24)) {
      const stack = among.stackOf(sample);
      const expected = samples
        .slice(0, 24)
        .filter(
          ({ subject, space, frame }) =>
            subject === sample.subject && space === sample.space && frame === sample.frame,
        )
        .sort((a, b) => b.plane.position[2] - a.plane.position[2]);
      expect(stack).toEqual(expected);
      expect(stack.map(({ slice }) => slice)).toEqual([...stack.keys()]);
    }
    for (const lone of samples.slice(24)) expect(among.stackOf(lone)).toEqual([lone]);
  });

  it('of the phases are those of its slice, in order', () => {
    for (const sample of samples.slice(0, 22)) {
      const count = sample.subject === 'a' ? 4 : 2;
      expect(places(among.phasesOf(sample))).toEqual(
        Array.from({ length: count }, (_, frame) => [sample.slice, frame]),
      );
      expect(among.phasesOf(sample)).toContain(sample);
    }
    for (const lone of samples.slice(22)) expect(among.phasesOf(lone)).toEqual([lone]);
  });

  it('run as slices are numbered where a limb’s go against the direction, and one place has one image: itself', () => {
    const right = [0, 1, 2].map((slice) =>
      sampleOf({ index: slice, slice, plane: plane([0, 0, 5 * slice]) }),
    );
    expect(companionsOf(right).stackOf(right[1]!)).toEqual(right);
    const again = [...right, sampleOf({ index: 3, slice: 1, plane: plane([0, 0, 5.01]) })];
    expect(
      companionsOf(again)
        .stackOf(again[3]!)
        .map(({ index }) => index),
    ).toEqual([0, 3, 2]);
    expect(companionsOf(again).stackOf(again[0]!)).toHaveLength(3);
  });

  it('are sorted by any key, in stored order', () => {
    const bySlice = ({ slice }: Sample) => slice;
    expect(among.alike(samples[0]!, bySlice)).toEqual(samples.filter(({ slice }) => slice === 3));
    expect(among.alike(sampleOf({ slice: 9 }), bySlice)).toEqual([]);
    expect(among.all).toBe(samples);
  });

  it('of an image that is none of them are none', () => {
    const stranger = sampleOf({ subject: 'z', index: 99 });
    expect([among.stackOf(stranger), among.phasesOf(stranger)]).toEqual([[], []]);
  });
});
