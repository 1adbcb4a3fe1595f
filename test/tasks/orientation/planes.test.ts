/** @file Planes of whole stacks, judged beside those of the mean lines. */
import { describe, expect, it } from 'vitest';
import { intersectingLine } from '../../../src/data/geometry.ts';
import { defaultSigmaMm } from '../../../src/data/lines.ts';
import type { Sample } from '../../../src/data/sample.ts';
import type { ImagePlane, Line } from '../../../src/data/types.ts';
import { pixelHead } from '../../../src/models/heads.ts';
import { LineJudge } from '../../../src/tasks/orientation/judge.ts';
import type { PlaneErrors } from '../../../src/tasks/orientation/planes.ts';
import { acrossAt, moved, stackOf } from '../../planning/stacks.ts';
import { outputsOf, sampleOf } from '../samples.ts';
import { renderRidge } from './ridge.ts';

const grid = { size: 64, spacingMm: 4 };
const head = pixelHead('final', 2);
const referenceViews = ['2-chamber', '4-chamber'];

/** The slices of a heart, two phases each, with the lines of two planes. */
function heart(subject: string, planes: readonly [ImagePlane, ImagePlane], count = 7): Sample[] {
  return stackOf(count).flatMap((plane, slice) =>
    [0, 1].map((frame) => {
      const lines = planes.map((other) => intersectingLine(plane, other).line);
      return sampleOf({ subject, view: 'short-axis', slice, frame, plane, lines, space: 0 });
    }),
  );
}

function judged(
  samples: readonly Sample[],
  predicted: (sample: Sample) => readonly (Line | null)[],
  training: readonly Sample[] = samples,
  block = 5,
) {
  const options = { heatmaps: head, referenceViews, grid, sigmaMm: defaultSigmaMm };
  const judge = new LineJudge(options, training);
  const sigma = defaultSigmaMm / 4;
  for (let first = 0; first < samples.length; first += block) {
    const own = samples.slice(first, first + block);
    const maps = own.map((sample) =>
      predicted(sample).map((line) => (line ? renderRidge(line, 64, sigma) : new Float32Array(64 * 64))),
    );
    const values = maps.flatMap(([a, b]) => Array.from(a!, (value, i) => [value, b![i]!]).flat());
    judge.add(outputsOf(head, Float32Array.from(values)), own);
  }
  const { results, summary, notes, plannedErrors } = judge.done();
  const of = (key: string) => results.find((result) => result.key === `orientation.${key}`);
  const planes = (summary as { planes?: PlaneErrors }).planes;
  return { angle: of('planeAngle'), distance: of('planeDistance'), planes, notes, plannedErrors };
}

const straight = [acrossAt(0), acrossAt(80)] as const;
const turned = [acrossAt(10), acrossAt(100, 0, 6)] as const;

describe('planes of stacks', () => {
  it('are exact where the lines are, whichever blocks slices come in; the mean lines’ are not', () => {
    const samples = [...heart('a', straight), ...heart('b', turned)];
    const { angle, distance, planes, notes } = judged(samples, ({ lines }) => lines);
    expect(angle).toMatchObject({ count: 4, missing: 0, value: expect.closeTo(0, 1), unit: '°' });
    expect(distance!.value).toBeCloseTo(0, 1);
    // mean lines: 5° and 90°, of which each heart is off by 5° and 10°
    expect(angle!.trivial).toBeCloseTo(7.5, 0);
    expect(planes).toMatchObject({ stacks: 2, planes: 4, missing: 0 });
    expect(notes.join()).toContain('distance is that of the predicted plane from the point of the true one');
    expect([...angle!.bySubject.keys()]).toEqual(['a', 'b']);
  });

  it('measure the angle, and the distance in the middle of the stack', () => {
    const samples = heart('a', straight);
    const { angle, distance } = judged(samples, ({ lines: [first, second] }) => [
      moved(first!, 1.5),
      moved(second!, 0, 8),
    ]);
    // one plane 6 mm off, the other 8° about its point nearest the middle, which is the crossing
    expect(angle!.value).toBeCloseTo(4, 1);
    expect(distance!.value).toBeCloseTo(3, 1);
  });

  it('are over the planes that were fitted where no mean lines stand in for the others, and say so', () => {
    const { angle } = judged(heart('a', straight), ({ lines: [first] }) => [first!, null], []);
    expect(angle).toMatchObject({
      ...{ value: expect.closeTo(0, 1), count: 2, missing: 1 },
      about: 'median of 1 plane of 1 stack, without 1 for which none could be fitted',
      notes: ['No plane could be fitted in 1 of 2 cases; they are not scored.'],
    });
  });

  it('tell weights what all slices of a view get wrong alike, of five hearts and more', () => {
    const samples = ['a', 'b', 'c', 'd', 'e'].flatMap((name) => heart(name, straight));
    const turnedBy = (sample: Sample) => (sample.subject.charCodeAt(0) % 2 ? 6 : -6);
    const wrong = (sample: Sample) => [sample.lines[0]!, moved(sample.lines[1]!, 0, turnedBy(sample))];
    const { plannedErrors } = judged(samples, wrong);
    expect(Object.keys(plannedErrors!)).toEqual(referenceViews);
    // every slice agrees with the others, so that the fits are sure of what is 6° off
    expect(plannedErrors!['4-chamber']!.angleDeg).toBeCloseTo(6, 0);
    expect(plannedErrors!['2-chamber']!.angleDeg).toBeLessThan(0.5);
    const some = judged(
      samples.filter(({ subject }) => subject !== 'e'),
      wrong,
    );
    expect(some.plannedErrors).toBeUndefined();
  });

  it('are fitted in spite of a slice that is wrong', () => {
    const samples = heart('a', straight);
    const { angle } = judged(samples, ({ lines, slice }) =>
      lines.map((line) => (slice === 2 ? moved(line!, 10, 50) : line)),
    );
    expect(angle!.value).toBeLessThan(0.2);
  });

  it('count as missing where none can be fitted, scored by the mean lines; no score without any', () => {
    const samples = [...heart('a', straight), ...heart('b', turned)];
    const silent = judged(samples, ({ subject, lines }) => (subject === 'b' ? [null, null] : lines));
    expect(silent.angle).toMatchObject({ count: 4, missing: 2 });
    expect(silent.angle!.notes).toEqual([
      'No plane could be fitted in 2 of 4 cases; they are scored with that of the trivial lines.',
    ]);
    expect(silent.angle!.bySubject.get('b')).toBeGreaterThan(4);
    const none = judged(samples, () => [null, null]);
    expect([none.angle!.value, none.angle!.bySubject.size]).toEqual([null, 0]);
    expect(none.planes).toMatchObject({ angleDeg: null, missing: 4 });
  });

  it('are no result of stacks of two slices', () => {
    const { angle, planes } = judged(heart('a', straight, 2), ({ lines }) => lines);
    expect([angle, planes]).toEqual([undefined, undefined]);
  });
});
