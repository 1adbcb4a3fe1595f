import { afterEach, describe, expect, it, vi } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { problemsOf } from '../../src/autograd/problems.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { choicesBy, type KnownWinner, tune } from '../../src/autograd/tune.ts';
import { binary } from '../../src/kernels/binary.ts';
import { emptyPlanes } from '../../src/kernels/conv/winogradPlanes.ts';
import { multiply } from '../../src/kernels/conv/winogradProduct.ts';
import type { Launch } from '../../src/kernels/launch/queue.ts';
import { choicesOf, chooseVariant, setChoices, type Variant } from '../../src/kernels/launch/variant.ts';
import type { Op } from '../../src/kernels/op.ts';
import { unary } from '../../src/kernels/unary.ts';
import { randomNormal, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';
import { clockOf } from './clock.ts';

const device = useDevice();
afterEach(() => {
  setChoices(device(), {});
  vi.restoreAllMocks();
});

type Sizes = { readonly size: number; readonly note?: string };

const doublings: readonly Variant<Sizes, [x: Tensor, y: Tensor]>[] = [
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
  { name: 'large', fits: (_, { size }) => size > 100, launch: () => {} },
];

/** 2x, by variants that cost little to compile. */
const double: Op<null> = {
  name: 'double',
  infer: ([x]) => [x!],
  launch(on, [x], [y]) {
    const problem = { size: x!.size, note: undefined } as unknown as Sizes;
    const choice = () => chooseVariant(on, 'double', doublings, problem);
    // twice, as convolutions do that may share work with another
    choice();
    choice().launch(on, problem, x!, y!);
  },
};

function twoSizes(): { y: Tensor } {
  const [a, b] = [randomNormal(device(), [2, 3], 1), randomNormal(device(), [4, 5], 2)];
  ops.apply(double, [a], null);
  ops.apply(double, [a], null);
  return { y: ops.apply(double, [b], null) };
}

const isSmall = ({ slices }: Launch): boolean => slices.at(-1)!.size <= 32;

/** A clock on which launches of the smaller size take `ms` by their variant, and the others 1. */
function clock(ms: { readonly scaled: number; readonly added: number }, slowness = () => 1): () => number {
  const byVariant = ({ pipeline }: Launch) => (pipeline.shader.name === 'binary' ? ms.added : ms.scaled);
  return clockOf((launch) => slowness() * (isSmall(launch) ? byVariant(launch) : 1));
}

describe('tuner', () => {
  it('finds each problem of a step once, with its uses and the variants that fit, and launches nothing', () => {
    const problems = problemsOf(device(), twoSizes);
    expect(problems.map(({ key, uses, fitting, chosen }) => ({ key, uses, fitting, chosen }))).toEqual([
      { key: 'double {"size":6}', uses: 2, fitting: ['scaled', 'added'], chosen: 'scaled' },
      { key: 'double {"size":20}', uses: 1, fitting: ['scaled', 'added'], chosen: 'scaled' },
    ]);
    expect(problems[0]!.title).toBe('double 2×3 → 2×3');
  });

  it('finds problems of tensors without elements, which can be launched again', async () => {
    const [x, w] = [zeros(device(), [0, 6, 6, 4]), zeros(device(), [3, 3, 4, 4])];
    const step = () => ({ y: ops.apply(double, [x], null), z: ops.conv2d(x, w, null, { padding: 1 }) });
    const problems = problemsOf(device(), step);
    expect(problems.length).toBeGreaterThan(0);
    const winners = await tune(device(), problems, { limitMs: 1e6, now: clockOf(() => 1) });
    expect(winners.map(({ key }) => key).sort()).toEqual(problems.map(({ key }) => key).sort());
  });

  it('tells the products of an op apart', () => {
    const product = { points: 2, rows: 4, depth: 8, columns: 12, turnedA: false, turnedB: false };
    const others = [{ turnedA: true }, { turnedA: true, turnedB: true }, { planeB: 100 }];
    const multiplied: Op<null> = {
      name: 'multiplied',
      infer: ([x]) => [x!],
      launch(on) {
        using planes = emptyPlanes(on, 8, 100);
        for (const one of [{}, ...others])
          multiply(on, planes, planes, { ...product, ...one }, 'multiplied').dispose();
      },
    };
    const problems = problemsOf(device(), () => {
      const x = randomNormal(device(), [2, 3], 1);
      return { y: ops.apply(multiplied, [x], null) };
    });
    expect(problems.map(({ title }) => title)).toEqual([
      'product 2 of 4×8×12',
      'product 2 of 4×8×12, A turned',
      'product 2 of 4×8×12, A turned, B turned',
      'product 2 of 4×8×12, B a part',
    ]);
  });

  it('picks what the clock says is fastest, and a step captured then takes it', async () => {
    const problems = problemsOf(device(), twoSizes);
    const now = clock({ scaled: 10, added: 3 });
    const winners = await tune(device(), problems, { limitMs: 1e6, now });
    expect(winners.map(({ chosen, ordered, complete }) => [ordered, chosen, complete])).toEqual([
      ['scaled', 'added', true],
      ['scaled', 'scaled', true],
    ]);
    expect(winners[0]).toMatchObject({ ms: 3, orderedMs: 10, shaders: ['binary', 'unary'] });
    expect(choicesOf(device())).toEqual({});
    setChoices(device(), choicesBy(winners));
    using step = await capture(device(), twoSizes);
    expect(step.launches.map(({ pipeline }) => pipeline.id)).toHaveLength(3);
    const [first, second, third] = step.launches.map(({ launch }) => launch.pipeline.shader.name);
    expect([first, second, third]).toEqual(['binary', 'binary', 'unary']);
  });

  it('keeps the ordered variant where the gain is within the noise', async () => {
    const problems = problemsOf(device(), twoSizes);
    const now = clock({ scaled: 100, added: 97 });
    expect((await tune(device(), problems, { limitMs: 1e6, now }))[0]!.chosen).toBe('scaled');
  });

  it('compares what it timed in turns, for a machine may be half as fast a second later', async () => {
    const problems = problemsOf(device(), twoSizes);
    for (const [added, chosen] of [
      [9.2, 'added'],
      [9.8, 'scaled'],
    ] as const)
      for (const later of [2, 0.5]) {
        let [slowness, measured] = [1, 0];
        const now = clock({ scaled: 10, added }, () => slowness);
        const onProgress = () => {
          // once both ordered variants are timed
          if (++measured === 2) slowness = later;
        };
        const [winner] = await tune(device(), problems, { limitMs: 1e6, now, onProgress });
        expect(winner).toMatchObject({ chosen, orderedMs: 10 });
        expect(winner!.ms).toBeCloseTo(chosen === 'added' ? 9.2 : 10, 9);
      }
  });

  it.each([
    { slow: 3, chosen: 'added', wanted: 7 },
    { slow: 4, chosen: 'scaled', wanted: 4 },
  ])(
    'gives up a variant that is far slower in its first two rounds: $slow slow runs',
    async ({ slow, chosen, wanted }) => {
      let runs = 0;
      const now = clock({
        scaled: 10,
        get added() {
          // the first two are no round yet
          return ++runs <= slow ? 30 : 8;
        },
      });
      const [winner] = await tune(device(), problemsOf(device(), twoSizes), { limitMs: 1e6, now });
      expect([winner!.chosen, runs]).toEqual([chosen, wanted]);
    },
  );

  it('does not try variants where a problem takes next to nothing of the step', async () => {
    const problems = problemsOf(device(), twoSizes);
    const ran = new Set<string>();
    const now = clockOf((launch) => {
      ran.add(`${launch.pipeline.shader.name} ${isSmall(launch) ? 'small' : 'large'}`);
      return isSmall(launch) ? 1000 : 1;
    });
    const told: string[] = [];
    const onProgress = (done: number, total: number, title: string) =>
      told.push(`${done} of ${total}: ${title}`);
    const [, small] = await tune(device(), problems, { limitMs: 1e6, now, onProgress });
    expect(small).toMatchObject({ chosen: 'scaled', complete: true });
    // The larger is expected to take more, until it is measured.
    expect([...ran]).toEqual(['unary large', 'unary small', 'binary small']);
    expect(told).toEqual([
      '1 of 4: double 4×5 → 4×5',
      '2 of 4: double 2×3 → 2×3',
      '3 of 4: double 2×3 → 2×3',
      '4 of 4: double 4×5 → 4×5',
    ]);
  });

  it('stops at the time limit, and leaves the rest to the order of preference', async () => {
    const problems = problemsOf(device(), twoSizes);
    for (const limitMs of [0, 40, 260]) {
      let [time, last, ended] = [0, 0, false];
      const now = () => {
        time += 5;
        return time;
      };
      const onProgress = (done: number, total: number) => {
        ended = done === total;
        if (!ended) last = time;
      };
      const winners = await tune(device(), problems, { limitMs, now, onProgress });
      const complete = winners.filter((winner) => winner.complete).length;
      expect(complete).toBe(limitMs === 260 ? 1 : 0);
      expect(ended).toBe(true);
      if (limitMs === 0) expect(last).toBe(0);
      // A contest of two, of two warm and five counted runs each, may have begun just before the end.
      expect(last).toBeLessThanOrEqual(limitMs + 150);
      for (const winner of winners) if (!winner.complete) expect(winner.chosen).toBe('scaled');
    }
  });

  it('begins nothing that is expected to end later, and a later call goes on', async () => {
    const limitMs = 1000;
    const sizes = Array.from({ length: 12 }, (_, i) => i + 1);
    const manySizes = () => {
      for (const rows of sizes) ops.apply(double, [randomNormal(device(), [rows, 7], rows)], null);
      return { y: ops.apply(double, [randomNormal(device(), [1, 7], 1)], null) };
    };
    const known: Record<string, KnownWinner> = {};
    let open = sizes.length;
    for (let call = 0; open > 0; call++) {
      expect(call).toBeLessThan(sizes.length);
      const now = clockOf(({ pipeline }) => (pipeline.shader.name === 'binary' ? 7 : 10));
      const winners = await tune(device(), problemsOf(device(), manySizes), { limitMs, now, known });
      expect(now()).toBeLessThanOrEqual(limitMs);
      expect(now()).toBeGreaterThan(call === 0 ? 0.8 * limitMs : 0);
      const done = winners.filter(({ complete }) => complete);
      for (const { bucket, chosen, fitting } of done) known[bucket] = { chosen, fitting };
      const left = winners.filter(({ complete }) => !complete);
      expect(left.length).toBeLessThan(open);
      // Those that there was no time for at all are the smallest.
      const firstWhere = (timed: boolean) =>
        winners.filter(({ orderedMs }) => (orderedMs !== null) === timed && open === sizes.length);
      const [timed, untimed] = [true, false].map((which) => firstWhere(which).map(({ share }) => share));
      expect(Math.max(0, ...untimed!)).toBeLessThanOrEqual(Math.min(1, ...timed!));
      open = left.length;
    }
  });

  it('is not kept by one that takes many times as long', async () => {
    const problems = problemsOf(device(), twoSizes);
    let runs = 0;
    const now = clockOf(({ pipeline }) => {
      if (pipeline.shader.name !== 'binary') return 10;
      runs++;
      return 41;
    });
    const winners = await tune(device(), problems, { limitMs: 1e6, now });
    expect(winners.map(({ chosen, complete }) => [chosen, complete])).toEqual([
      ['scaled', true],
      ['scaled', true],
    ]);
    // Of each: one that compiles, one that is timed.
    expect(runs).toBe(4);
  });

  it('times every variant of a convolution and of its gradients, channels of wider pixels included', async () => {
    const problems = problemsOf(device(), () => {
      const x = randomNormal(device(), [1, 6, 6, 8], 1);
      const weight = randomNormal(device(), [5, 5, 4, 4], 2);
      for (const leaf of [x, weight]) leaf.requiresGrad = true;
      using tape = new Tape();
      const y = ops.conv2d(x.channels(0, 4), weight, null, { padding: 2 });
      tape.backward(ops.sum(y));
      return { y };
    });
    const named = (op: string) => problems.find(({ key }) => key.startsWith(`${op} `))!;
    expect(named('conv2d').key).toContain('"input":{"pitch":8,"start":0}');
    const winners = await tune(device(), problems, { limitMs: 1e6 });
    for (const { key, ms, orderedMs, complete } of winners) {
      expect([key, complete]).toEqual([key, true]);
      expect(ms).toBeLessThanOrEqual(orderedMs!);
      expect(orderedMs).toBeLessThan(Number.POSITIVE_INFINITY);
    }
    expect(named('conv2dWeightGrad').fitting.length).toBeGreaterThan(1);
  });
});
