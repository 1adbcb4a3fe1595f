/** @file Judged locations against numbers worked out by hand. */
import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/base/errors.ts';
import type { Sample } from '../../src/data/sample.ts';
import { location } from '../../src/tasks/location.ts';
import { outputsOf, sampleOf } from './samples.ts';

const facts = { targetView: 'sax', referenceViews: [] };
const grid = { size: 32, spacingMm: 4 };
const part = location.setup(facts, { hidden: 4, dropout: 0 }, grid);
const head = part.heads[0]!;

const at = (place: number | null, subject = 'a'): Sample => sampleOf({ location: place, subject });

/** What a judge says of images with these predictions, fed in blocks of at most `block`. */
function judged(
  images: readonly Sample[],
  predicted: readonly number[],
  { training = images, block = images.length } = {},
) {
  const judge = part.judge(training);
  for (let first = 0; first < images.length; first += block) {
    const values = Float32Array.from(predicted.slice(first, first + block));
    judge.add(outputsOf(head, values), images.slice(first, first + block), []);
  }
  return judge.done();
}

describe('the judge of locations', () => {
  const images = [at(0, 'a'), at(1, 'b'), at(null, 'b')];
  const predicted = [0.25, 0.875, 0.5];

  test('reports the mean absolute error over images that have a location, beside that of the mean location', () => {
    const { summary, results, scatters } = judged(images, predicted);
    expect(summary).toEqual({ mae: 0.1875, baselineMae: 0.5, images: 2 });
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({
      ...{ key: 'location.mae', title: 'Slice location', unit: '', digits: 4, better: 'lower' },
      ...{ value: 0.1875, trivial: 0.5, count: 2, missing: null, notes: [] },
      about: 'mean absolute error of 2 images, in stack lengths',
    });
    expect([...results[0]!.bySubject]).toEqual([
      ['a', 0.25],
      ['b', 0.125],
    ]);
    expect(scatters.map(({ title, points }) => [title, points])).toEqual([
      [
        'Slice location',
        [
          expect.objectContaining({ predicted: 0.25, truth: 0 }),
          expect.objectContaining({ predicted: 0.875, truth: 1 }),
        ],
      ],
    ]);
  });

  test('knows the mean location from the training images, and takes the middle where they have none', () => {
    const trivialOf = (training: Sample[]) => judged(images, predicted, { training }).results[0]!.trivial;
    expect(trivialOf([at(0), at(0.5), at(null)])).toBeCloseTo((0.25 + 0.75) / 2, 12);
    expect(trivialOf([at(0), at(0)])).toBeCloseTo(0.5, 12);
    expect(judged([at(0.9)], [0.9], { training: [at(null)] }).results[0]!.trivial).toBeCloseTo(0.4, 12);
    expect(judged([at(0.9)], [0.9], { training: [at(0.4)] }).results[0]!.trivial).toBeCloseTo(0.5, 12);
  });

  test('says the same of what it is fed in blocks and at once', () => {
    const many = [0, 0.5, null, 0.25, 1, 0.75].map((place, i) => at(place, `s${i % 2}`));
    const guesses = [0.1, 0.9, 0.3, 0.2, 0.8, 0.5];
    const whole = judged(many, guesses);
    expect(whole.results[0]!.count).toBe(5);
    for (const block of [1, 2, 4]) expect(judged(many, guesses, { block })).toEqual(whole);
  });

  test('has nothing to say where no image has a location', () => {
    const verdict = judged([at(null), at(null)], [0.1, 0.2]);
    expect(verdict).toEqual({ results: [], summary: null, scatters: [], notes: [] });
  });

  test('refuses predictions of another number of images', () => {
    const add = (count: number) => () =>
      part.judge(images).add(outputsOf(head, new Float32Array(count)), images, []);
    expect(add(2)).toThrow(ShapeError);
    expect(add(2)).toThrow(/3 images/);
    expect(add(4)).toThrow(ShapeError);
  });

  test('shows where in the stack an image of the newest block is, by the network and in truth', () => {
    const judge = part.judge(images);
    judge.add(outputsOf(head, Float32Array.of(0.25)), [images[0]!], []);
    judge.add(outputsOf(head, Float32Array.of(0.875, 0.5)), images.slice(1), []);
    const scale = { kind: 'scale', title: 'location', from: 'base', to: 'apex' };
    expect(judge.marks(0)).toEqual([{ ...scale, predicted: 0.875, truth: 1 }]);
    expect(judge.marks(1)).toEqual([{ ...scale, predicted: 0.5, truth: null }]);
  });

  test('calls the ends of a stack of another organ as they are', () => {
    const knee = location.setup({ ...facts, targetView: 'axial' }, { hidden: 4, dropout: 0 }, grid);
    const judge = knee.judge(images);
    judge.add(outputsOf(knee.heads[0]!, Float32Array.of(0.25)), [images[0]!], []);
    expect(judge.marks(0)).toMatchObject([{ from: 'top', to: 'bottom' }]);
    expect(judge.done().scatters[0]!.about).toContain('nearest the top, 1 the one nearest the bottom');
  });
});
