/** @file Rotation of a stack: turns against plain loops, the loss at chance, thin stacks, and that it is learnt. */
import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { ConfigError } from '../../src/base/errors.ts';
import { drawsOf, uniforms } from '../../src/base/random.ts';
import { companionsOf } from '../../src/data/companions.ts';
import type { Sample } from '../../src/data/sample.ts';
import { stackRotation } from '../../src/tasks/stackRotation.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';
import { plainKernels } from '../train/tiny.ts';
import { eightSlices, learntOnEight } from './eight.ts';
import { choiceOf, outputsOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const facts = { targetView: 'short-axis', referenceViews: [] };
const settings = { features: 8, hidden: 8, dropout: 0 };
const size = 12;
const tile = 8; // 160 of 224 px
const part = () => stackRotation.setup(facts, settings, { size, spacingMm: 2, sideStep: 4 });

/** Slices of one stack, base to apex. */
const stackOf = (slices: number): Sample[] =>
  Array.from({ length: slices }, (_, slice) => {
    const sample = sampleOf({ index: slice, slice });
    return { ...sample, plane: { ...sample.plane, position: [0, 0, -8 * slice] } };
  });

type Slice = readonly (readonly number[])[];

/** Once to the left: the last column becomes the first row. */
const left = (slice: Slice): Slice =>
  slice.map((_, row) => slice.map((values) => values[slice.length - 1 - row]!));

/** A stack turned by so many quarters, and over about its rows' axis from 4 on: what is below and behind comes first. */
function turned(stack: readonly Slice[], turn: number): readonly Slice[] {
  let out = stack;
  for (let i = 0; i < turn % 4; i++) out = out.map(left);
  return turn < 4 ? out : out.map((slice) => [...slice].reverse()).reverse();
}

/** Mean 0 and variance 1. */
function standardised(values: readonly number[]): number[] {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  return values.map((v) => (v - mean) / Math.sqrt(variance + 1e-4));
}

describe('a turned stack', () => {
  it('is a square at one place of three slices in order, turned as one body, its own slice among them', async () => {
    const stack = stackOf(6);
    const among = companionsOf(stack);
    const seenTurns = new Set<number>();
    const places = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const { input } = part();
      const sample = stack[i % 6]!;
      const { views, drawn, tables } = input!.pick(choiceOf({ sample, among, size, draw: drawsOf(2, 3, i) }));
      seenTurns.add(drawn);
      expect(views[0]!.sample.index).toBe(sample.index);
      const used = views.map((view) => view.sample.index);
      const ordered = [...used].sort((a, b) => a - b);
      expect(new Set(used).size).toBe(3);
      const pixels = new Map(ordered.map((index) => [index, [...uniforms(size * size, index + 1)]]));
      const images = used.flatMap((index) => pixels.get(index)!);
      const [table] = input!.tables!;
      const moved = ops.warp(
        tensor(device(), images, [3, size, size, 1]),
        tensor(
          device(),
          views.flatMap(({ matrix }) => matrix),
          [3, 6],
        ),
        tensor(device(), [1, 0, 1, 0, 1, 0], [3, 2]),
      );
      const at = Uint32Array.from(tables!.get(table!)!);
      const seen = await input!.alter!(moved, () => tensor(device(), at, [1, ...table!.shape], 'u32')).read();
      const body = turned(
        ordered.map((index) =>
          Array.from({ length: size }, (_, row) => pixels.get(index)!.slice(row * size, (row + 1) * size)),
        ),
        drawn,
      );
      const corner = at[0]! % (size * size);
      const [y, x] = [Math.floor(corner / size), corner % size];
      places.add(`${x} ${y}`);
      const expected = body.flatMap((slice) =>
        standardised(slice.slice(y, y + tile).flatMap((values) => values.slice(x, x + tile))),
      );
      expect(seen).toHaveLength(3 * tile * tile);
      for (const [p, v] of seen.entries()) expect(v).toBeCloseTo(expected[p]!, 3);
    }
    expect(seenTurns).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
    expect(places.size).toBeGreaterThan(8);
  });

  it('has no label where the stack has fewer slices, which is said', () => {
    const own = part();
    const thin = stackOf(2);
    const example = own.input!.pick(choiceOf({ sample: thin[1]!, among: companionsOf(thin), size }));
    expect(example.views.map(({ sample }) => sample.index)).toEqual([1, 1, 1]);
    own.fill(example, {
      set: () => {
        throw new Error('a label was set');
      },
    });
    expect(() => own.check(thin)).toThrow(ConfigError);
    expect(() => own.check(thin)).toThrow(/Task stackRotation: no training image has a stack of 3 slices/);
    own.check(stackOf(3));
    expect(own.notice!(stackOf(3))).toBeNull();
    const other = { ...sampleOf({ index: 3, subject: 'b' }) };
    expect(own.notice!([...stackOf(3), other])).toMatch(/1 image of 4 teach nothing/);
    const judge = own.judge([]);
    judge.add(outputsOf(own.heads[0]!, new Float32Array(16)), [other, other], [-1, 0]);
    expect(judge.marks(0)).toEqual([]);
    expect(judge.done().results[0]).toMatchObject({
      value: 1,
      count: 1,
      notes: ['1 image left out, whose stacks are too thin.'],
    });
  });

  it('is refused where images are too small for the network', () => {
    const grid = { size: 12, spacingMm: 2, sideStep: 16 };
    expect(() => stackRotation.setup(facts, settings, grid)).toThrow(
      /Task stackRotation: .*32 px or a larger multiple/,
    );
  });
});

describe('rotation of a stack', () => {
  it('costs ln 8 for an answer that says nothing, 0 without a label', async () => {
    const own = part();
    const [turn] = own.fields;
    const loss = (known: readonly number[]) =>
      own.loss(
        stepOf(
          new Map([[own.heads[0]!, zeros(device(), [2, 8])]]),
          new Map([[turn!, tensor(device(), [3, 6], [2, 1], 'u32')]]),
          new Map([[turn!, tensor(device(), known, [2, 1])]]),
        ),
      );
    expect(await loss([1, 0]).item()).toBeCloseTo(Math.log(8), 6);
    expect(await loss([0, 0]).item()).toBe(0);
  });

  it('is learnt on a stack of 8 images', async () => {
    const few = { features: 16, hidden: 32, dropout: 0 };
    const { results } = await learntOnEight(device(), stackRotation, few, 120, eightSlices());
    expect(results[0]).toMatchObject({ key: 'stackRotation.accuracy', count: 8 });
    expect(results[0]!.value).toBeGreaterThan(0.7);
  }, 120_000);
});
