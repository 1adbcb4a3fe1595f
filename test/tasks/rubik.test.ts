/** @file Rubik's cube and cube+: slices and tiles against plain loops, the losses at chance, the judge, that both are learnt. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { drawsOf, uniforms } from '../../src/base/random.ts';
import { companionsOf } from '../../src/data/companions.ts';
import type { Sample } from '../../src/data/sample.ts';
import { only } from '../../src/results/mark.ts';
import { rubiksCube, rubiksCubePlus } from '../../src/tasks/rubik/index.ts';
import { cubesOf, sliceGroups } from '../../src/tasks/rubik/input.ts';
import { tileOrders } from '../../src/tasks/tiles/permutations.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';
import { plainKernels } from '../train/tiny.ts';
import { eightSlices, learntOnEight } from './eight.ts';
import { blockOf, choiceOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const facts = { targetView: 'short-axis', referenceViews: [] };
const settings = { orders: 20, features: 4, hidden: 8 };
const grid = { size: 20, spacingMm: 2, sideStep: 4 }; // cells of 10, tiles of 8, 1 apart
const parts = { cube: rubiksCube, plus: rubiksCubePlus };
const partOf = (of: keyof typeof parts) => parts[of].setup(facts, settings, grid);

/** Slices of one stack, base to apex. */
const stackOf = (slices: number): Sample[] =>
  Array.from({ length: slices }, (_, slice) => {
    const sample = sampleOf({ index: slice, slice });
    return { ...sample, plane: { ...sample.plane, position: [0, 0, -8 * slice] } };
  });

describe('groups of slices', () => {
  it('are three of each half in order, one left between, with the slice whose turn it is', () => {
    for (const count of [7, 8, 11, 14])
      for (let own = 0; own < count; own++)
        for (let i = 0; i < 20; i++) {
          const groups = sliceGroups(count, own, drawsOf(1, count, 100 * own + i));
          if (count === 7 && own === 3) {
            expect(groups).toBeNull();
            continue;
          }
          const all = groups!.flat();
          expect(all).toContain(own);
          expect(all).toEqual([...new Set(all)].sort((a, b) => a - b));
          expect(groups!.map((group) => group.length)).toEqual([3, 3]);
          expect(groups![1]![0]! - groups![0]![2]!).toBeGreaterThanOrEqual(2);
          // halves: the slice between is near the middle
          expect(groups![0]![2]!).toBeLessThanOrEqual(count / 2);
          expect(groups![1]![0]!).toBeGreaterThanOrEqual(count / 2 - 1);
        }
    for (const own of [0, 3, 5]) expect(sliceGroups(6, own, () => 0)).toBeNull();
  });
});

describe('the tiles of a cube', () => {
  it('are whole pixels of their slices, in the order drawn, turned as the labels say, and 0 where hidden', async () => {
    const { size } = grid;
    const { input, cells, orders, turned, masked } = cubesOf('t', grid, 20, true);
    expect(cells).toMatchObject({ cell: 10, tile: 8, apart: 1 });
    const [places, , , shown] = input.tables!;
    const stack = stackOf(9);
    const among = companionsOf(stack);
    const kinds = new Set<string>();
    for (let i = 0; i < 6; i++) {
      const sample = stack[i]!;
      const example = input.pick(choiceOf({ sample, among, size, draw: drawsOf(1, 2, i) }));
      const used = example.views.map((view) => view.sample.index);
      expect(used[0]).toBe(sample.index);
      expect(new Set(used).size).toBe(6);
      const ordered = [...used].sort((a, b) => a - b);
      const [table, flags, hidden, visible] = [places!, turned, masked, shown!].map((one) => [
        ...(example.tables!.get(one) as Float32Array),
      ]);
      // [6, size, size]: which slice, row and column a pixel is of
      const pixelAt = (place: number) => ({
        slice: used[Math.floor(place / size ** 2)]!,
        row: Math.floor(place / size) % size,
        column: place % size,
      });
      for (const [place, own] of orders[example.drawn]!.entries()) {
        const [group, quarter] = [Math.floor(own / 4), own % 4];
        const [over, plane] = [flags![place] === 1, flags![8 + place] === 1];
        expect(over && plane).toBe(false);
        kinds.add(`${over}${plane}`);
        const slices = ordered.slice(3 * group, 3 * group + 3);
        if (over) slices.reverse();
        const tile = (k: number) => table!.slice((3 * place + k) * 64, (3 * place + k + 1) * 64).map(pixelAt);
        const corner = tile(0).reduce((a, b) => ({
          slice: a.slice,
          row: Math.min(a.row, b.row),
          column: Math.min(a.column, b.column),
        }));
        for (const [at, cell] of [
          [corner.column, quarter % 2],
          [corner.row, Math.floor(quarter / 2)],
        ] as const) {
          expect(at).toBeGreaterThanOrEqual(10 * cell);
          expect(at).toBeLessThanOrEqual(10 * cell + 1);
        }
        for (const k of [0, 1, 2])
          for (const [j, pixel] of tile(k).entries()) {
            const [row, column] = [Math.floor(j / 8), j % 8];
            expect(pixel).toEqual({
              slice: slices[k],
              row: corner.row + (over || plane ? 7 - row : row),
              column: corner.column + (plane ? 7 - column : column),
            });
          }
      }
      if (i > 0) continue;
      const images = [...uniforms(6 * size * size, 5)];
      const tables = new Map([
        [places!, tensor(device(), Uint32Array.from(table!), [1, ...places!.shape], 'u32')],
        [shown!, tensor(device(), visible!, [1, ...shown!.shape])],
      ]);
      const seen = await input.alter!(
        tensor(device(), images, [6, size, size, 1]),
        (one) => tables.get(one)!,
      ).read();
      for (let tile = 0; tile < 24; tile++) {
        const own = table!.slice(64 * tile, 64 * tile + 64).map((place) => images[place]!);
        const mean = own.reduce((a, b) => a + b) / 64;
        const deviation = Math.sqrt(own.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 64 + 1e-4);
        for (const [j, v] of own.entries()) {
          // squares of 4 px
          const square = 4 * tile + 2 * Math.floor(j / 32) + Math.floor((j % 8) / 4);
          expect(seen[64 * tile + j]).toBeCloseTo(visible![square]! * ((v - mean) / deviation), 4);
          if (hidden![Math.floor(tile / 3)] === 0) expect(visible![square]).toBe(1);
        }
      }
    }
    expect(kinds.size).toBe(3);
  });

  it('are of the image alone, without a label, where its stack is too thin', () => {
    for (const [slices, own] of [
      [6, 2],
      [7, 3],
      [1, 0],
    ] as const) {
      const stack = stackOf(slices);
      const sample = stack[own]!;
      const part = partOf('plus');
      const choice = choiceOf({ sample, among: companionsOf(stack), size: 20, draw: drawsOf(1, 2, 3) });
      const example = part.input!.pick(choice);
      expect(example.views.map((view) => view.sample)).toEqual(new Array(6).fill(sample));
      part.fill(example, {
        set: () => {
          throw new Error('a label was set');
        },
      });
    }
  });
});

describe('Rubik’s cube', () => {
  it.each([
    { of: 'cube', expected: (Math.log(20) + 2 * Math.LN2) / 2 },
    { of: 'plus', expected: Math.log(20) + 3 * Math.LN2 },
  ] as const)(
    '$of costs $expected for answers that say nothing, of the examples that count',
    async ({ of, expected }) => {
      const part = partOf(of);
      const [order] = part.fields;
      const outputs = new Map(part.heads.map((head) => [head, zeros(device(), [2, head.channels])]));
      const values = new Map(
        [...part.input!.tables!, order!].map((one) => [one, zeros(device(), [2, ...one.shape], one.dtype)]),
      );
      const step = (known: readonly number[]) =>
        stepOf(outputs, values, new Map([[order!, tensor(device(), known, [2, 1])]]));
      expect(await part.loss(step([1, 1])).item()).toBeCloseTo(expected, 5);
      expect(await part.loss(step([1, 0])).item()).toBeCloseTo(expected, 5);
      expect(await part.loss(step([0, 0])).item()).toBe(0);
    },
  );

  it('counts turned tiles and those that are not, both ways, in its loss', async () => {
    const part = partOf('cube');
    const [order] = part.fields;
    const [, turns] = part.heads;
    const [, turned] = part.input!.tables!;
    const logits = [...uniforms(16, 7)].map((u) => 4 * u - 2);
    const truth = logits.map((_, i) => i % 3 === 0);
    const bce = logits.map((x, i) => Math.log(1 + Math.exp(truth[i] ? -x : x)));
    const mean = bce.reduce((a, b) => a + b) / 16;
    const step = stepOf(
      new Map([
        [part.heads[0]!, zeros(device(), [1, 20])],
        [turns!, tensor(device(), logits, [1, 16])],
      ]),
      new Map([
        [order!, zeros(device(), [1, 1], 'u32')],
        [turned!, tensor(device(), truth.map(Number), [1, 16])],
      ]),
      new Map([[order!, tensor(device(), [1], [1, 1])]]),
    );
    expect(await part.loss(step).item()).toBeCloseTo((Math.log(20) + 2 * mean) / 2, 5);
  });

  it('needs a stack that is thick enough, and says how many images have none', () => {
    const part = partOf('cube');
    expect(() => part.check(stackOf(6))).toThrow(ConfigError);
    expect(() => part.check(stackOf(6))).toThrow(
      /Task rubiksCube: no training image has a stack of 7 slices/,
    );
    part.check(stackOf(7));
    expect(part.notice!(stackOf(7))).toMatch(/1 image of 7 teach nothing/);
    expect(part.notice!(stackOf(8))).toBeNull();
  });

  it('is judged by order, turns and masks, beside trivial answers, and shown put back', () => {
    const part = partOf('plus');
    const [order, turns, masks] = part.heads;
    const [, turned, masked] = part.input!.tables!;
    const judge = part.judge([]);
    const chosen = tileOrders(8, 20)[5]!;
    const scores = new Float32Array(3 * 20);
    for (const row of [0, 1, 2]) scores[20 * row + 5] = 1;
    const outputs = new Map([
      [order!, scores],
      // says of image 0 that its first place is turned over, and nothing else
      [turns!, Float32Array.from({ length: 48 }, (_, i) => (i === 0 ? 1 : -1))],
      [masks!, new Float32Array(24).fill(-1)],
    ]);
    const truths = new Map([
      [turned!, Float32Array.from({ length: 48 }, (_, i) => Number(i === 0 || (i >= 16 && i < 20)))],
      [masked!, Float32Array.from({ length: 24 }, (_, i) => Number(i % 2 === 0))],
    ]);
    const area = 64;
    const seen = Float32Array.from({ length: 3 * 24 * area }, (_, i) => {
      const [tile, pixel] = [Math.floor(i / area) % 24, i % area];
      return Math.floor(tile / 3) + (tile === 1 && pixel === 0 ? 0.5 : 0);
    });
    const samples = ['a', 'b', 'b'].map((subject) => sampleOf({ subject }));
    judge.add((head) => outputs.get(head)!, samples, [5, 4, -1], blockOf({ seen }, truths));
    const marks = judge.marks(0);
    expect(only(marks, 'words')[0]!.text).toBe('8 of 8 tiles put in their place');
    expect(only(judge.marks(2), 'words')[0]!.text).toMatch(/no 7 slices/);
    const pictures = only(marks, 'picture');
    expect(pictures.map(({ title }) => title)).toEqual([
      ...['tiles as seen, basal', 'tiles as seen, apical', 'put back, basal', 'put back, apical'],
    ]);
    const middles = (values: Float32Array) => [5, 15].flatMap((y) => [5, 15].map((x) => values[y * 20 + x]!));
    expect(pictures.slice(0, 2).flatMap(({ values }) => middles(values))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const back = pictures.slice(2).flatMap(({ values }) => middles(values));
    expect(chosen.map((tile) => back[tile])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    // turned back: the corner is below
    const first = pictures[2 + Math.floor(chosen[0]! / 4)]!.values;
    const at = (quarter: number, row: number) =>
      first[(1 + 10 * Math.floor(quarter / 2) + row) * 20 + 1 + 10 * (quarter % 2)];
    expect([0, 7].map((row) => at(chosen[0]! % 4, row))).toEqual([0, 0.5]);
    const { results, summary, notes } = judge.done();
    expect(results.map(({ key, value, trivial }) => [key, value, trivial])).toEqual([
      ['rubiksCubePlus.order', 0.5, 1 / 20],
      ['rubiksCubePlus.turns', (1 + 12 / 16) / 2, 1 - (1 + 4) / 32],
      ['rubiksCubePlus.masks', 0.5, 0.5],
    ]);
    expect(results[0]!.notes[0]).toMatch(/1 image left out/);
    expect(summary).toMatchObject({ images: 2, leftOut: 1, order: { accuracy: 0.5 } });
    expect(notes).toHaveLength(1);
    expect(part.judge([]).done().results).toEqual([]);
  });

  it.each([rubiksCube, rubiksCubePlus])(
    'is learnt on a stack of 8 images: $title',
    async (task) => {
      const few = { orders: 3, features: 16, hidden: 32 };
      const { summaries } = await learntOnEight(device(), task, few, 120, eightSlices());
      const found = summaries[task.name] as Record<string, { accuracy: number; trivialAccuracy: number }>;
      expect(found.order!.accuracy).toBeGreaterThan(0.7);
      if (task === rubiksCubePlus) expect(found.masks!.accuracy).toBeGreaterThan(0.8);
    },
    120_000,
  );
});
