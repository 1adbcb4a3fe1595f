import { afterEach, describe, expect, it, vi } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { type Problem, problemsOf } from '../../src/autograd/problems.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { type KnownWinners, tune, type Winner } from '../../src/autograd/tune.ts';
import { binary } from '../../src/kernels/binary.ts';
import { bucketKey, problemKey } from '../../src/kernels/launch/problem.ts';
import { chooseVariant, type Variant } from '../../src/kernels/launch/variant.ts';
import type { Op } from '../../src/kernels/op.ts';
import { unary } from '../../src/kernels/unary.ts';
import { randomNormal } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';
import { clockOf } from './clock.ts';

const device = useDevice();
afterEach(() => {
  vi.restoreAllMocks();
});

interface Images {
  readonly batch: number;
  readonly channels: number;
}

const doublings: readonly Variant<Images, [x: Tensor, y: Tensor]>[] = [
  {
    name: 'scaled',
    fits: () => true,
    launch: (on, _, x, y) => unary.launch(on, [x], [y], { fn: 'affine', alpha: 2 }),
  },
  {
    name: 'added',
    fits: () => true,
    launch: (on, _, x, y) => binary.launch(on, [x, x], [y], { fn: 'add' }),
  },
  {
    name: 'fours',
    fits: (_, { batch }) => batch % 4 === 0,
    launch: (on, _, x, y) => binary.launch(on, [x, x], [y], { fn: 'add' }),
  },
];

/** 2x of [batch, channels]. */
const double: Op<null> = {
  name: 'double',
  infer: ([x]) => [x!],
  launch(on, [x], [y]) {
    const [batch, channels] = x!.shape as [number, number];
    const problem = { batch, channels };
    chooseVariant(on, 'double', doublings, problem).launch(on, problem, x!, y!);
  },
};

const doublesOf = (batch: number, channels = 3): Problem[] =>
  problemsOf(device(), () => ({
    y: ops.apply(double, [randomNormal(device(), [batch, channels], 1)], null),
  }));

/** What `scaled` takes 10 ms for takes 3 by the others. */
const clock = () => clockOf(({ pipeline }) => (pipeline.shader.name === 'binary' ? 3 : 10));

const knownBy = (winners: readonly Winner[]): KnownWinners =>
  Object.fromEntries(winners.map(({ bucket, chosen, fitting }) => [bucket, { chosen, fitting }]));

/** Tunes, and tells what it found and which problems it measured. */
async function tuned(problems: readonly Problem[], known: KnownWinners, limitMs = 1e6) {
  const measured = new Set<string>();
  const onProgress = (_done: number, _total: number, title: string) => measured.add(title);
  const [winner] = await tune(device(), problems, { limitMs, known, now: clock(), onProgress });
  return { winner: winner!, measured: [...measured] };
}

describe('a winner found earlier', () => {
  it('of batch 20 serves batch 16, with nothing measured', async () => {
    const earlier = await tune(device(), doublesOf(20), { limitMs: 1e6, now: clock() });
    expect(earlier[0]).toMatchObject({ ordered: 'scaled', chosen: 'added', complete: true });
    const { winner, measured } = await tuned(doublesOf(16), knownBy(earlier));
    expect(winner).toMatchObject({ chosen: 'added', ms: null, complete: true, shaders: [] });
    expect(measured).toEqual([]);
  });

  it('does not serve other channels, or twice the images', async () => {
    const earlier = knownBy(await tune(device(), doublesOf(16), { limitMs: 1e6, now: clock() }));
    for (const problems of [doublesOf(16, 4), doublesOf(32)])
      expect((await tuned(problems, earlier)).measured).toHaveLength(1);
  });

  it('that does not fit is not used: the problem is measured, or without time takes the order of preference', async () => {
    const [{ bucket }] = doublesOf(18) as [Problem];
    const known = { [bucket]: { chosen: 'fours', fitting: ['scaled', 'added', 'fours'] } };
    expect((await tuned(doublesOf(16), known)).winner).toMatchObject({ chosen: 'fours', ms: null });
    const { winner, measured } = await tuned(doublesOf(18), known);
    expect(winner).toMatchObject({ chosen: 'added', ms: 3, complete: true });
    expect(measured).toHaveLength(1);
    const hurried = await tuned(doublesOf(18), known, 0);
    expect(hurried.winner).toMatchObject({ chosen: 'scaled', complete: false });
  });

  it('is not used where a variant fits that it never met, but held against that one alone', async () => {
    const [{ bucket }] = doublesOf(16) as [Problem];
    const known = { [bucket]: { chosen: 'scaled', fitting: ['scaled', 'added'] } };
    expect((await tuned(doublesOf(18), known)).measured).toEqual([]);
    const { winner } = await tuned(doublesOf(16), known);
    expect(winner).toMatchObject({ chosen: 'fours', ms: 3, tried: ['scaled', 'added', 'fours'] });
  });

  it('that no longer exists is not used', async () => {
    const [{ bucket, fitting }] = doublesOf(16) as [Problem];
    const known = { [bucket]: { chosen: 'gone', fitting: [...fitting, 'gone'] } };
    expect((await tuned(doublesOf(16), known)).winner).toMatchObject({ chosen: 'added', ms: 3 });
  });
});

describe('buckets', () => {
  const step = (batch: number, side: number, channels: number) =>
    problemsOf(device(), () => {
      const x = randomNormal(device(), [batch, side, side, channels], 1);
      const weight = randomNormal(device(), [3, 3, channels, 8], 2);
      const [scale, shift, runningMean, runningVariance] = [3, 4, 5, 6].map((seed) =>
        randomNormal(device(), [8], seed),
      ) as [Tensor, Tensor, Tensor, Tensor];
      for (const leaf of [x, weight]) leaf.requiresGrad = true;
      using tape = new Tape();
      const running = { runningMean, runningVariance, training: true };
      const y = ops.batchNorm(ops.conv2d(x, weight, null, { padding: 1 }), scale, shift, running);
      tape.backward(ops.sum(y));
      return { y };
    }).map(({ key, bucket }) => ({ key, bucket }));

  it('hold the problems of a step of 16 images as of 20, and of no others', () => {
    const [sixteen, twenty] = [step(16, 16, 8), step(20, 16, 8)];
    expect(sixteen.length).toBeGreaterThan(2);
    expect(twenty.map(({ bucket }) => bucket)).toEqual(sixteen.map(({ bucket }) => bucket));
    for (const [i, { key }] of twenty.entries()) expect(key).not.toBe(sixteen[i]!.key);
    const buckets = new Set(sixteen.map(({ bucket }) => bucket));
    for (const other of [step(32, 16, 8), step(16, 32, 8)])
      expect(other.filter(({ bucket }) => buckets.has(bucket))).toEqual([]);
    const wider = step(16, 16, 12).filter(({ key }) => key.startsWith('conv2d'));
    expect(wider.filter(({ bucket }) => buckets.has(bucket))).toEqual([]);
  });

  it('round counts down to powers of two, but short sides, channels and strides not at all', () => {
    const problem = {
      batch: 5,
      inHeight: 15,
      outWidth: 40,
      k: 40,
      stride: 2,
      input: { pitch: 48, start: 24 },
    };
    expect(bucketKey('conv2d', { ...problem, relu: true, run: undefined })).toBe(
      'conv2d {"batch":4,"inHeight":15,"input":{"pitch":48,"start":24},"k":40,"outWidth":32,"relu":true,"stride":2}',
    );
    expect(bucketKey('batchNorm', randomNormal(device(), [5, 7, 4], 1))).toBe(
      'batchNorm {"channels":4,"dtype":"f32","rows":32}',
    );
    expect(bucketKey('batchMatmul', { batch: [3, 20], rows: 17, columns: 17 })).toBe(
      'batchMatmul {"batch":[2,16],"columns":17,"rows":16}',
    );
    expect(problemKey('batchNorm', randomNormal(device(), [5, 7, 4], 1))).toBe(
      'batchNorm {"dtype":"f32","shape":[5,7,4]}',
    );
  });
});
