/** @file Siamese distance: tiles against slow references, the loss against float64 and at chance, the judge by hand. */
import { describe, expect, it } from 'vitest';
import { drawsOf } from '../../src/base/random.ts';
import { applyAffine } from '../../src/data/affine.ts';
import { drawAugmentation } from '../../src/data/augmentation.ts';
import { BatchLayout } from '../../src/data/batch.ts';
import { companionsOf } from '../../src/data/companions.ts';
import { intersectingLine } from '../../src/data/geometry.ts';
import type { Example } from '../../src/data/input.ts';
import type { Sample } from '../../src/data/sample.ts';
import type { ImagePlane } from '../../src/data/types.ts';
import { only } from '../../src/results/mark.ts';
import {
  distancesOf,
  type SiameseDistanceSettings,
  siameseDistance,
} from '../../src/tasks/siameseDistance/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { checkOp, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { plainKernels } from '../train/tiny.ts';
import { blockOf, choiceOf, outputsOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const [size, spacingMm] = [32, 4];
const part = (given: Partial<SiameseDistanceSettings> = {}, referenceViews = ['2ch', '4ch']) =>
  siameseDistance.setup(
    { targetView: 'sax', referenceViews },
    { ...(siameseDistance.defaults as object), features: 4, ...given },
    { size, spacingMm },
  );

/** A plane upright on the images through (x, y) mm, its normal towards the patient's left and back, or left and front. */
const upright = (x: number, y: number, angle: number): ImagePlane => ({
  ...{
    position: [x, y, 0],
    rowDirection: [Math.sin(angle), -Math.cos(angle), 0],
    columnDirection: [0, 0, 1],
  },
  ...{ spacingMm: [1, 1], rows: size, columns: size },
});
const planes = [upright(40, 50, 0.3), upright(70, 60, 1.2)];

/** Three slices of one study in two phases, turned in the patient; then a slice of another. */
const samples = [
  ...[0, 1, 2].flatMap((slice) =>
    [0, 1].map((frame) => ({ subject: 'a', slice, frame, location: slice / 2 })),
  ),
  { subject: 'b', slice: 0, frame: 0, location: null },
].map((labels, index) => {
  const plane = { ...sampleOf().plane, position: [5, -3, -9 * labels.slice] } as const;
  const lines = planes.map((reference) => intersectingLine(plane, reference).line);
  return sampleOf({ ...labels, index, plane, lines: index === 1 ? [null, lines[1]!] : lines });
});
const among = companionsOf(samples);
const pick = (sample: Sample, i: number, given = {}, change = choiceOf().change): Example =>
  part(given).input!.pick(choiceOf({ sample, among, size, change, draw: drawsOf(7, 8, i) }));

/** Pixels of the stored image that a tile covers, by looking at each. */
function covered({ matrix: [a, , x, , e, y] }: Example['views'][number]): Set<number> {
  const within = (v: number, from: number, scale: number) =>
    (v - from) / scale > -0.5 && (v - from) / scale < size - 0.5;
  return new Set(
    Array.from({ length: size * size }, (_, i) => i).filter(
      (i) => within(i % size, x, a) && within(Math.floor(i / size), y, e),
    ),
  );
}

describe('two tiles', () => {
  it('lie within their images, of one stack and phase, at most so many in one slice, where they do not overlap', () => {
    let same = 0;
    for (let i = 0; i < 80; i++) {
      const sample = samples[i % 6]!;
      const { views, drawn } = pick(sample, i, { sameSlice: 0.5 });
      const [own, other] = views;
      expect([own!.sample, drawn]).toEqual([sample, 1]);
      expect([other!.sample.subject, other!.sample.frame]).toEqual(['a', sample.frame]);
      const [first, second] = views.map(covered);
      for (const { matrix } of views)
        for (const corner of [-0.5, size - 0.5])
          for (const v of applyAffine(matrix, corner, corner)) {
            expect(v).toBeGreaterThanOrEqual(-0.5 - 1e-9);
            expect(v).toBeLessThanOrEqual(size - 0.5 + 1e-9);
          }
      for (const tile of [first!, second!]) expect(Math.abs(tile.size - (0.43 * size) ** 2)).toBeLessThan(28);
      if (other!.sample === sample) {
        same++;
        expect([...first!].some((pixel) => second!.has(pixel))).toBe(false);
      }
    }
    expect(Math.abs(same - 40)).toBeLessThan(18);
    for (let i = 0; i < 100; i++)
      expect(pick(samples[0]!, i, { sameSlice: 0 }).views[1]!.sample).not.toBe(samples[0]);
  });

  it('are labelled with the distance of their middles in the patient and from the planes, however they are moved', () => {
    const change = drawAugmentation(
      3,
      1,
      { rotationDeg: 40, scale: [0.7, 1.3], shiftPx: 3, flipX: true },
      size,
    );
    for (const [i, sample] of [...samples.slice(0, 6), ...samples.slice(0, 6)].entries()) {
      const example = pick(sample, i, {}, i < 6 ? change : choiceOf().change);
      const own = part();
      const batch = new BatchLayout({ examples: 1, views: 2, size }, own.fields).batch();
      own.fill(example, batch.row(0));
      const [distance, places] = own.fields;
      const middles = example.views.map(({ sample: of, matrix: [a, b, x, c, d, y] }) => {
        const middle = (size - 1) / 2;
        const [column, row] = [(a + b) * middle + x, (c + d) * middle + y];
        return [5 + 4 * column, -3 + 4 * row, -9 * of.slice] as const;
      });
      const apart = Math.hypot(...middles[0]!.map((v, axis) => v - middles[1]![axis]!));
      expect(50 * batch.values(distance!)[0]!).toBeCloseTo(apart, 3);
      const expected = middles.flatMap((point, tile) => {
        const of = example.views[tile]!.sample;
        const signed = planes.map(({ position }, view) => {
          const angle = [0.3, 1.2][view]!;
          // the normal's side towards the patient's left
          return (point[0] - position[0]) * Math.cos(angle) + (point[1] - position[1]) * Math.sin(angle);
        });
        return [of.index === 1 ? 0 : signed[0]! / 50, signed[1]! / 50, of.location!];
      });
      for (const [at, value] of expected.entries()) expect(batch.values(places!)[at]).toBeCloseTo(value, 4);
      expect([...batch.mask(places!)]).toEqual(
        example.views.flatMap(({ sample: of }) => [Number(of.index !== 1), 1, 1]),
      );
    }
  });

  it('have no label for an image alone in its stack, and no place from a view that is not there', () => {
    const own = part({}, ['4ch']);
    const batch = new BatchLayout({ examples: 2, views: 2, size }, own.fields).batch();
    expect(pick(samples[6]!, 1).drawn).toBe(0);
    own.fill(pick(samples[6]!, 1), batch.row(0));
    own.fill(pick(samples[0]!, 1), batch.row(1));
    expect(own.fields.map((field) => [...batch.mask(field)])).toEqual([
      [0, 1],
      [0, 0, 0, 0, 1, 1, 1, 1],
    ]);
    expect(() => own.check(samples.slice(6))).toThrow(/Task siameseDistance: no training image/);
    own.check(samples);
  });

  it('are seen with mean 0 and deviation 1, so that neither tells the place', async () => {
    const { data } = random([2, 8, 8, 1], 5, 3, 9);
    data.fill(4, 64);
    const images = tensor(device(), Float32Array.from(data), [2, 8, 8, 1]);
    const seen = [...(await part().input!.alter!(images, () => images).read())].map(Number);
    const [first, second] = [seen.slice(0, 64), seen.slice(64)];
    expect(first.reduce((a, b) => a + b) / 64).toBeCloseTo(0, 5);
    expect(first.reduce((a, b) => a + b * b, 0) / 64).toBeCloseTo(1, 4);
    expect(second).toEqual(new Array(64).fill(0));
  });
});

const softplus = (v: number) => Math.log(1 + Math.exp(v));

describe('the loss of tiles', () => {
  it('reads distances off features, half of which count against; gradient too', async () => {
    await checkOp(device(), {
      inputs: [random([6, 4], 3)],
      forward: distancesOf,
      reference: ({ data }) => ({
        shape: [3, 1],
        data: Float64Array.from({ length: 3 }, (_, pair) => {
          const [p, q, r, s] = [0, 1, 2, 3].map((i) =>
            Math.abs(data[8 * pair + i]! - data[8 * pair + 4 + i]!),
          );
          return softplus(p! + q! - r! - s!);
        }),
      }),
      reduction: 8,
    });
  });

  it('is smooth L1 of distances and places that count: of features alike, that of ln 2', async () => {
    const own = part({ placeWeight: 3 });
    const [distance, places] = own.fields;
    const truth = [0.5, 2.5, 9];
    const where = [0, 0.2, 1, -2, 0.4, 0.5, ...new Array(12).fill(7)];
    const step = (masks: readonly number[]) =>
      stepOf(
        new Map([
          [own.heads[0]!, tensor(device(), new Float32Array(24).fill(0.3), [6, 4])],
          [own.heads[1]!, tensor(device(), new Float32Array(18).fill(0.1), [6, 3])],
        ]),
        new Map([
          [distance!, tensor(device(), truth, [3, 1])],
          [places!, tensor(device(), where, [3, 2, 3])],
        ]),
        new Map([
          [distance!, tensor(device(), masks, [3, 1])],
          [
            places!,
            tensor(
              device(),
              [1, 0, 1, 1, 1, 1, ...new Array(12).fill(0)].map((v) => v * masks[0]!),
              [3, 6],
            ),
          ],
        ]),
      );
    const smooth = (v: number) => (Math.abs(v) < 1 ? v ** 2 / 2 : Math.abs(v) - 0.5);
    const far = (smooth(Math.LN2 - 0.5) + smooth(Math.LN2 - 2.5)) / 2;
    const placed = [0, 1, -2, 0.4, 0.5].reduce((sum, v) => sum + smooth(0.1 - v), 0) / 5;
    expect(await own.loss(step([1, 1, 0])).item()).toBeCloseTo(far + 3 * placed, 5);
    expect(await own.loss(step([0, 0, 0])).item()).toBe(0);
  });
});

describe('the judge of tiles', () => {
  it('measures distances and places in mm, beside the median of pairs of training images', () => {
    const own = part();
    const [far, place] = own.heads;
    const judge = own.judge(samples.slice(0, 6));
    const views = [samples[0]!, samples[2]!, samples[4]!, samples[4]!, samples[6]!, samples[6]!].map(
      (sample, i) => ({ sample, matrix: [0.43, 0, 4 * (i % 2), 0, 0.43, 3 * (i % 2)] as const }),
    );
    const features = [1, 2, 3, 4, 1, 4, 3, 4, 0, 0, 0, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const places = new Array(18).fill(0.5);
    const outputs = (asked: typeof far) =>
      outputsOf(asked!, Float32Array.from(asked === far ? features : places))(asked!);
    const seen = new Float32Array(6 * size * size);
    judge.add(outputs, [samples[0]!, samples[4]!, samples[6]!], [1, 1, 0], blockOf({ seen, views }));
    const said = 50 * softplus(2);
    const truths = [Math.hypot(16, 12, 9), 20];
    expect(only(judge.marks(0), 'words')[0]!.text).toBe(
      `another tile, of another slice, is 22 mm away, said to be ${said.toFixed(0)} mm`,
    );
    expect(only(judge.marks(1), 'words')[0]!.text).toMatch(/^another tile, of this slice, is 20 mm away/);
    expect(only(judge.marks(0), 'region')).toHaveLength(1);
    const region = only(judge.marks(1), 'region')[1]!;
    expect(region.of).toBe('truth');
    const inTile = new Set([...region.classes.keys()].filter((i) => region.classes[i] === 2));
    expect(inTile).toEqual(covered({ ...views[3]!, gain: 1, offset: 0 }));
    expect(only(judge.marks(1), 'scale')[0]).toMatchObject({ predicted: 0.5, truth: 1 });
    expect(only(judge.marks(2), 'words')[0]!.text).toBe('has no other slice in its stack and phase');
    const { results, summary } = judge.done();
    expect(results.map(({ key, count, better }) => [key, count, better])).toEqual([
      ['siameseDistance.distanceMm', 2, 'lower'],
      ['siameseDistance.2ch.mm', 4, 'lower'],
      ['siameseDistance.4ch.mm', 4, 'lower'],
      ['siameseDistance.location', 4, 'lower'],
    ]);
    expect(results[0]!.value).toBeCloseTo((said - truths[0]! + said - truths[1]!) / 2, 3);
    expect(results[3]!.value).toBeCloseTo((0.5 + 0 + 0.5 + 0.5) / 4, 6);
    expect(results[0]!.notes).toEqual(['1 image without another slice in the stack and phase left out.']);
    // whatever is drawn, the middles of tiles lie within an image of 128 mm
    expect(results[0]!.trivial!).toBeGreaterThan(0);
    expect(results[0]!.trivial!).toBeLessThan(128);
    expect(summary).toMatchObject({ pairs: 2, alone: 1, distanceMm: { mae: results[0]!.value } });
    expect(() => judge.add(outputs, [samples[0]!, samples[4]!, samples[6]!], [1, 1, 0])).toThrow(
      'Judge.add: images are missing',
    );
    expect(own.judge([]).done()).toMatchObject({ results: [], summary: null });
    expect(place!.channels).toBe(3);
  });
});
