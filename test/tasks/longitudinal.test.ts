/** @file Longitudinal learning: pairs against slow searches, the loss against float64 and at chance, the judge by hand. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { drawsOf } from '../../src/base/random.ts';
import { BatchLayout } from '../../src/data/batch.ts';
import { companionsOf } from '../../src/data/companions.ts';
import type { Sample } from '../../src/data/sample.ts';
import { only } from '../../src/results/mark.ts';
import { type LongitudinalSettings, longitudinal, peopleLoss } from '../../src/tasks/longitudinal/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { checkOp, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { plainKernels } from '../train/tiny.ts';
import { blockOf, choiceOf, outputsOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const facts = { targetView: 'short-axis', referenceViews: [] };
const part = (given: Partial<LongitudinalSettings> = {}) =>
  longitudinal.setup(
    facts,
    { ...(longitudinal.defaults as object), embedding: 2, levels: 3, ...given },
    { size: 2, spacingMm: 2 },
  );

/** Slices of a subject, 8 mm apart, in so many phases each. */
const cine = (subject: string, slices: number, phases: number, space = 0): Partial<Sample>[] =>
  Array.from({ length: slices * phases }, (_, i) => {
    const slice = Math.floor(i / phases);
    const plane = { ...sampleOf().plane, position: [0, 0, -8 * slice] as const };
    const location = slices === 1 ? null : slice / (slices - 1);
    return { subject, space, slice, frame: i % phases, location, plane };
  });

const samples = [
  ...cine('a', 3, 8),
  ...cine('b', 5, 1),
  ...cine('a', 4, 1, 1),
  ...cine('lone', 1, 1),
  ...cine('still', 1, 2).map((labels, i) => ({ ...labels, phase: (['ED', 'ES'] as const)[i]! })),
].map((labels, index) => sampleOf({ ...labels, index }));
const among = companionsOf(samples);
const levelOf = ({ location }: Sample) =>
  location === null ? null : location === 1 ? 2 : Math.floor(3 * location);

/** What an image was paired with, over many draws: places, of its person and of others. */
function drawnFor(sample: Sample, own = part()) {
  const found = [0, 1, 2].map(() => new Map<number, number>());
  for (let i = 0; i < 120; i++) {
    const { views, drawn } = own.input!.pick(choiceOf({ sample, among, size: 2, draw: drawsOf(1, 2, i) }));
    const other = views[1]!.sample.index;
    found[drawn]!.set(other, (found[drawn]!.get(other) ?? 0) + 1);
  }
  const counts = found.map((counted) => [...counted.values()].reduce((a, b) => a + b, 0));
  return { found: found.map((counted) => [...counted.keys()].sort((a, b) => a - b)), counts };
}

describe('a pair of people', () => {
  it('is of one in a phase a quarter of the cycle away or in another scan, or of two at one level, half each', () => {
    for (const sample of samples.slice(0, 33)) {
      const { found, counts } = drawnFor(sample);
      const same = samples.filter((one) => {
        if (one.subject !== sample.subject) return false;
        if (one.space !== sample.space) return levelOf(one) === levelOf(sample);
        const steps = Math.abs(one.frame - sample.frame);
        return one.slice === sample.slice && Math.min(steps, 8 - steps) >= 2;
      });
      const others = samples.filter(
        (one) => one.subject !== sample.subject && levelOf(one) === levelOf(sample),
      );
      expect(found).toEqual([[], same, others].map((list) => list.map(({ index }) => index)));
      if (sample.subject === 'b') expect(counts).toEqual([0, 0, 120]);
      else expect(Math.abs(counts[1]! - 60)).toBeLessThan(25);
    }
  });

  it('is of end diastole and end systole whatever their numbers, and of nobody where there is nobody', () => {
    const [lone, diastole, systole] = samples.slice(33);
    expect(drawnFor(lone!)).toEqual({ found: [[lone!.index], [], []], counts: [120, 0, 0] });
    expect(drawnFor(diastole!).found).toEqual([[], [systole!.index], []]);
    const later = samples.map((sample) => (sample === systole ? { ...sample, frame: 20 } : sample));
    const { views } = part().input!.pick(
      choiceOf({ sample: diastole!, among: companionsOf(later), size: 2 }),
    );
    expect(views[1]!.sample.index).toBe(systole!.index);
  });

  it('is labelled by who it is of and the levels that are known; nobody is not', () => {
    const own = part();
    const batch = new BatchLayout({ examples: 3, views: 2, size: 2 }, own.fields).batch();
    for (const [row, sample] of [samples[8]!, samples[33]!, samples[34]!].entries())
      own.fill(own.input!.pick(choiceOf({ sample, among, size: 2, draw: () => 0 })), batch.row(row));
    const [same, level] = own.fields;
    expect([[...batch.values(same!)], [...batch.mask(same!)]]).toEqual([
      [1, 0, 1],
      [1, 0, 1],
    ]);
    expect([...batch.values(level!)]).toEqual([1, 1, 0, 0, 0, 0]);
    expect([...batch.mask(level!)]).toEqual([1, 1, 0, 0, 0, 0]);
  });

  it('is seen in two brightnesses, so that neither tells it', () => {
    const { views } = part().input!.pick(choiceOf({ sample: samples[0]!, among, draw: drawsOf(3, 1, 4) }));
    expect(views[0]!.gain).not.toBe(views[1]!.gain);
    expect(views[0]!.offset).not.toBe(views[1]!.offset);
    expect(views[0]!.matrix).not.toEqual(views[1]!.matrix);
  });

  it('is refused where no training image has its slice in another phase, or nobody else has one at its level', () => {
    part().check(samples);
    for (const [training, message] of [
      [samples.slice(24, 29), /no training image has its slice in another phase or scan/],
      [samples.slice(0, 24), /no training image has another person’s slice at its level/],
    ] as const) {
      expect(() => part().check(training)).toThrow(ConfigError);
      expect(() => part().check(training)).toThrow(message);
    }
  });
});

describe('the loss of people', () => {
  const same = [1, 0, 0, 1];
  const known = [1, 1, 1, 0];

  it('is Hadsell’s on the unit sphere, of the pairs that count; gradient too', async () => {
    const margin = 1.2;
    const reference = ({ data, shape }: Host): Host => {
      const width = shape[1]!;
      const unit = (row: number) => {
        const vector = [...data.subarray(row * width, (row + 1) * width)];
        return vector.map((v) => v / Math.hypot(...vector));
      };
      const losses = [0, 1, 2].map((pair) => {
        const other = unit(2 * pair + 1);
        const distance = Math.hypot(...unit(2 * pair).map((v, i) => v - other[i]!));
        return same[pair] ? distance ** 2 / 2 : Math.max(0, margin - distance) ** 2 / 2;
      });
      return { shape: [], data: Float64Array.of(losses.reduce((a, b) => a + b) / 3) };
    };
    await checkOp(device(), {
      inputs: [random([8, 5], 3)],
      forward: (x) => peopleLoss(x, tensor(device(), same, [4, 1]), tensor(device(), known, [4, 1]), margin),
      ...{ reference, reduction: 32 },
    });
  });

  it('is half the squared margin of pairs of two where all embeddings are alike, and ln of the levels beside', async () => {
    const own = part({ margin: 0.8, levelWeight: 2 });
    const [people, levels] = own.fields;
    const step = (mask: readonly number[]) =>
      stepOf(
        new Map([
          [own.heads[0]!, tensor(device(), new Float32Array(16).fill(0.7), [8, 2])],
          [own.heads[1]!, tensor(device(), new Float32Array(24).fill(-3), [8, 3])],
        ]),
        new Map([
          [people!, tensor(device(), same, [4, 1])],
          [levels!, tensor(device(), [0, 1, 2, 0, 1, 2, 0, 1], [4, 2], 'u32')],
        ]),
        new Map([
          [people!, tensor(device(), mask, [4, 1])],
          [
            levels!,
            tensor(
              device(),
              mask.flatMap((flag) => [flag, flag]),
              [4, 2],
            ),
          ],
        ]),
      );
    const chance = ((2 / 3) * 0.8 ** 2) / 2 + 2 * Math.log(3);
    expect(await own.loss(step(known)).item()).toBeCloseTo(chance, 5);
    expect(await own.loss(step([0, 0, 0, 0])).item()).toBe(0);
  });
});

describe('the judge of people', () => {
  it('ranks pairs by the distance of their embeddings, and counts levels', () => {
    const own = part();
    const [people, place] = own.heads;
    const judge = own.judge(samples.slice(0, 8));
    // lengths say nothing
    const embeddings = [1, 0, 3, 0, 1, 0, 0, 1, 1, 0, -2, 0, 1, 0, 0, 5];
    const levels = [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0];
    const outputs = (asked: (typeof own.heads)[number]) =>
      outputsOf(asked, Float32Array.from(asked === people ? embeddings : levels))(asked);
    const images = blockOf({ seen: Float32Array.from({ length: 32 }, (_, i) => i) });
    const judged = [samples[0]!, samples[8]!, samples[24]!, samples[33]!];
    judge.add(outputs, judged, [1, 1, 2, 0], images);
    expect(only(judge.marks(2), 'words')[0]!.text).toBe(
      'the other image is of another person, embeddings 2.00 apart (0 to 2)',
    );
    expect(only(judge.marks(1), 'scale')[0]).toMatchObject({ predicted: 0.5, truth: 0.5 });
    expect([...only(judge.marks(1), 'picture')[0]!.values]).toEqual([12, 13, 14, 15]);
    expect(only(judge.marks(3), 'words')[0]!.text).toBe('has no other image to be compared with');
    const { results, summary } = judge.done();
    expect(summary).toEqual({
      ...{ auc: 1, pairs: 3, alone: 1, sameDistance: expect.closeTo(Math.SQRT2 / 2, 6), otherDistance: 2 },
      ...{ levelAccuracy: 2 / 3, trivialLevelAccuracy: 2 / 3 },
    });
    expect(results).toMatchObject([
      { key: 'longitudinal.auc', value: 1, trivial: 0.5, count: 3 },
      { key: 'longitudinal.level.accuracy', value: 2 / 3, trivial: 2 / 3, count: 3 },
    ]);
    expect(results[0]!.notes).toEqual(['1 image with nobody to be compared with left out.']);
    expect(place!.channels).toBe(3);
    expect(part().judge([]).done()).toMatchObject({ results: [], summary: null });
  });
});
