/** @file Slice ordering: pairs against their planes, the loss against float64 and at chance, the judge by hand. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { drawsOf } from '../../src/base/random.ts';
import { kendallTau } from '../../src/base/statistics.ts';
import { BatchLayout } from '../../src/data/batch.ts';
import { companionsOf } from '../../src/data/companions.ts';
import { only } from '../../src/results/mark.ts';
import { sliceOrder, twoSlices } from '../../src/tasks/sliceOrder/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import { checkOp, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { plainKernels } from '../train/tiny.ts';
import { blockOf, choiceOf, outputsOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const facts = { targetView: 'short-axis', referenceViews: [] };
const part = () => sliceOrder.setup(facts, { hidden: 8, dropout: 0 }, { size: 2, spacingMm: 2 });

/** Slices of a subject 8 mm apart towards the feet, in two phases, stored apex first; then one slice of another. */
const samples = [
  ...[3, 2, 1, 0].flatMap((slice) => [0, 1].map((frame) => ({ subject: 'a', slice, frame }))),
  { subject: 'b', slice: 0, frame: 0 },
].map((labels, index) =>
  sampleOf({ ...labels, index, plane: { ...sampleOf().plane, position: [0, 0, -8 * labels.slice] } }),
);
const among = companionsOf(samples);

describe('two slices', () => {
  it('are of one stack and phase, the image first, and what is drawn is how far the planes lie towards the apex', () => {
    for (const sample of samples.slice(0, 8)) {
      const counts = new Map<number, number>();
      for (let i = 0; i < 90; i++) {
        const { views, drawn } = twoSlices.pick(choiceOf({ sample, among, draw: drawsOf(1, 2, i) }));
        const [own, other] = views.map((view) => view.sample);
        expect(own).toBe(sample);
        expect([other!.subject, other!.frame]).toEqual([sample.subject, sample.frame]);
        // towards the feet is towards the apex
        expect(8 * drawn).toBe(sample.plane.position[2] - other!.plane.position[2]);
        counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
      }
      expect(counts.has(0)).toBe(false);
      expect(counts.size).toBe(3);
      for (const count of counts.values()) expect(Math.abs(count - 30)).toBeLessThan(4 * Math.sqrt(20));
    }
  });

  it('label which is nearer the apex, and leave an image alone without a label', () => {
    const own = part();
    const batch = new BatchLayout({ examples: 3, views: 2, size: 2 }, own.fields).batch();
    for (const [row, sample] of [samples[0]!, samples[7]!, samples[8]!].entries())
      own.fill(twoSlices.pick(choiceOf({ sample, among })), batch.row(row));
    const [order] = own.fields;
    expect([...batch.values(order!)]).toEqual([0, 1, 0]);
    expect([...batch.mask(order!)]).toEqual([1, 1, 0]);
  });

  it('are refused where no training image has another slice', () => {
    part().check(samples);
    // two phases of one slice, and a slice of another
    expect(() => part().check(samples.slice(6))).toThrow(ConfigError);
    expect(() => part().check(samples.slice(6))).toThrow(/Task sliceOrder: no training image/);
  });
});

describe('the loss of slice order', () => {
  const order = [1, 0, 0, 1];
  const known = [1, 1, 0, 1];
  const lossOf = (scores: Host['data'] | readonly number[], mask = known) => {
    const own = part();
    const [field] = own.fields;
    return own.loss(
      stepOf(
        new Map([[own.heads[0]!, tensor(device(), Float32Array.from(scores), [8, 1])]]),
        new Map([[field!, tensor(device(), order, [4, 1])]]),
        new Map([[field!, tensor(device(), mask, [4, 1])]]),
      ),
    );
  };

  it('is −log σ(s_apical − s_basal) of the pairs that count; gradient too', async () => {
    const own = part();
    const [field] = own.fields;
    await checkOp(device(), {
      inputs: [random([8, 1], 3, 4)],
      forward: (x) =>
        own.loss(
          stepOf(
            new Map([[own.heads[0]!, x]]),
            new Map([[field!, tensor(device(), order, [4, 1])]]),
            new Map([[field!, tensor(device(), known, [4, 1])]]),
          ),
        ),
      reference: ({ data }) => {
        const losses = order.map((apical, i) => {
          const difference = (data[2 * i + 1]! - data[2 * i]!) * (apical ? 1 : -1);
          return Math.log(1 + Math.exp(-difference));
        });
        const counted = losses.filter((_, i) => known[i]);
        return { shape: [], data: Float64Array.of(counted.reduce((a, b) => a + b) / counted.length) };
      },
      reduction: 8,
    });
  });

  it('is ln 2 for scores without meaning, and 0 where no pair counts', async () => {
    expect(await lossOf(new Array(8).fill(3.5)).item()).toBeCloseTo(Math.LN2, 6);
    expect(await lossOf([1, 2, 3, 4, 5, 6, 7, 8], [0, 0, 0, 0]).item()).toBe(0);
    // far beyond what a sigmoid holds, the error is not hidden
    expect(await lossOf([0, -200, 0, 200, 0, 0, 0, -200]).item()).toBeCloseTo(200, 3);
  });
});

describe('the judge of slice order', () => {
  it('counts pairs in order, and Kendall’s τ over stacks of single scores', () => {
    const own = part();
    const judge = own.judge([]);
    const scores = [5, 1, 2, 2, 2, 3, 1, 4, 0];
    const steps = [-1, 2, 1, 1, -2, 1, -3, 3, 0];
    // of each pair the other's score is one higher
    const outputs = Float32Array.from(scores.flatMap((score) => [score, score + 1]));
    const images = blockOf({ seen: Float32Array.from({ length: 32 }, (_, i) => i) });
    judge.add(outputsOf(own.heads[0]!, outputs.slice(0, 8)), samples.slice(0, 4), steps.slice(0, 4), images);
    expect(only(judge.marks(1), 'words')[0]!.text).toBe(
      'the other slice is 2 steps nearer the apex, said to be nearer the apex',
    );
    expect(only(judge.marks(1), 'picture')[0]).toMatchObject({ title: 'the other slice' });
    expect([...only(judge.marks(1), 'picture')[0]!.values]).toEqual([12, 13, 14, 15]);
    judge.add(outputsOf(own.heads[0]!, outputs.slice(8)), samples.slice(4), steps.slice(4));
    expect(only(judge.marks(4), 'words')[0]!.text).toBe('has no other slice in its stack and phase');
    const { results, summary, tables } = judge.done();
    // slices from base to apex score 1, 2, 2, 5 in one phase and 4, 3, 2, 1 in the other
    const tau = (5 / 6 - 1) / 2;
    expect(summary).toEqual({
      ...{
        accuracy: 5 / 8,
        trivialAccuracy: 0.5,
        pairs: 8,
        alone: 1,
        tau: expect.closeTo(tau, 10),
        stacks: 2,
      },
    });
    expect(results).toMatchObject([
      { key: 'sliceOrder.accuracy', value: 5 / 8, trivial: 0.5, count: 8, better: 'higher' },
      { key: 'sliceOrder.tau', value: expect.closeTo(tau, 10), trivial: 0, count: 2 },
    ]);
    expect(results[0]!.notes).toEqual(['1 image without another slice in the stack and phase left out.']);
    expect([...results[0]!.bySubject]).toEqual([['a', 5 / 8]]);
    expect(tables![0]!.rows).toEqual([
      ['1 step', '4', '0.750'],
      ['2 steps', '2', '0.500'],
      ['3 steps', '2', '0.500'],
    ]);
    expect(part().judge([]).done()).toMatchObject({ results: [], summary: null });
  });

  it('counts equal scores half in pairs, and not at all in τ', () => {
    const own = part();
    const judge = own.judge([]);
    judge.add(
      outputsOf(own.heads[0]!, new Float32Array(16)),
      samples.slice(0, 8),
      [1, 1, 1, 1, -1, -1, -1, -1],
    );
    expect(judge.done().summary).toMatchObject({ accuracy: 0.5, tau: 0 });
  });
});

describe('Kendall’s τ', () => {
  it('is pairs that rise less pairs that fall over all pairs', () => {
    expect([kendallTau([]), kendallTau([1])]).toEqual([null, null]);
    expect([kendallTau([1, 2, 9]), kendallTau([3, 2, 1]), kendallTau([4, 4, 4])]).toEqual([1, -1, 0]);
    expect(kendallTau([1, 3, 2, 4])).toBeCloseTo(4 / 6, 12);
  });
});
