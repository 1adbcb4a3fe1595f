/** @file Models Genesis: curves, shuffled windows and boxes against slow references, the whole alteration, and learning. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { drawsOf, normals, permutation, uniforms } from '../../src/base/random.ts';
import type { Field } from '../../src/data/field.ts';
import { bezierCurve, KNOTS } from '../../src/tasks/modelsGenesis/curve.ts';
import { modelsGenesis } from '../../src/tasks/modelsGenesis/index.ts';
import {
  paintedInside,
  paintedOutside,
  shuffledPlaces,
  windowCount,
} from '../../src/tasks/modelsGenesis/places.ts';
import { rangeOf } from '../../src/tasks/modelsGenesis/range.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { expectClose } from '../check.ts';
import { useDevice } from '../device.ts';
import { plainKernels } from '../train/tiny.ts';
import { learntOnEight } from './eight.ts';
import { choiceOf, sampleOf, stepOf } from './samples.ts';

const device = useDevice(plainKernels);
const facts = { targetView: 'short-axis', referenceViews: [] };
const draws = (index: number) => drawsOf(5, 6, index);
const all = Array.from({ length: 40 }, (_, i) => i);

describe('curves of intensities', () => {
  it('run from 0 to 1 or from 1 to 0, through the sorted points of a Bézier curve', () => {
    let falling = 0;
    for (const index of all) {
      const curve = bezierCurve(draws(index));
      const [x1, y1, x2, y2, order] = Array.from({ length: 5 }, draws(index));
      const points = Array.from({ length: 1000 }, (_, i) => {
        const t = i / 999;
        const at = (a: number, b: number) => 3 * (1 - t) ** 2 * t * a + 3 * (1 - t) * t * t * b + t ** 3;
        return [at(x1!, x2!), at(y1!, y2!)] as const;
      });
      const xs = points.map(([x]) => x).sort((a, b) => a - b);
      const ys = points.map(([, y]) => y);
      if (order! < 0.5) ys.reverse();
      else ys.sort((a, b) => a - b);
      falling += Number(order! < 0.5);
      expect([curve[0], curve[KNOTS - 1]]).toEqual(order! < 0.5 ? [1, 0] : [0, 1]);
      for (const [k, v] of curve.entries()) {
        const x = k / (KNOTS - 1);
        const right = Math.max(
          1,
          xs.findIndex((other) => other >= x),
        );
        const part = xs[right] === xs[right - 1] ? 1 : (x - xs[right - 1]!) / (xs[right]! - xs[right - 1]!);
        expect(v, `${index}, ${k}`).toBeCloseTo(ys[right - 1]! + part * (ys[right]! - ys[right - 1]!), 5);
      }
    }
    expect(falling).toBeGreaterThan(8);
    expect(falling).toBeLessThan(32);
  });
});

describe('shuffled windows', () => {
  it('permute pixels of the image itself, later windows over earlier ones', () => {
    for (const [size, windows] of [
      [16, 30],
      [45, 200],
    ] as const) {
      const draw = draws(size);
      const whole = (most: number) => Math.floor(draw() * (most + 1));
      const expected = Array.from({ length: size * size }, (_, i) => i);
      const most = Math.floor(size / 10);
      for (let window = 0; window < windows; window++) {
        const [w, h] = [1 + whole(most - 1), 1 + whole(most - 1)];
        const [top, left] = [whole(size - h), whole(size - w)];
        const inside = Array.from(
          { length: w * h },
          (_, i) => (top + Math.floor(i / w)) * size + left + (i % w),
        );
        for (const [i, from] of permutation(w * h, draw).entries()) expected[inside[i]!] = inside[from]!;
      }
      expect([...shuffledPlaces(size, windows, draws(size))]).toEqual(expected);
    }
    expect(windowCount(224, 1.9)).toBe(721);
    expect([...shuffledPlaces(16, 0, draws(1))]).toEqual(Array.from({ length: 256 }, (_, i) => i));
  });
});

describe('painting', () => {
  const [size, noise] = [42, 42 * 42];
  const own = Uint32Array.from({ length: size * size }, (_, i) => i);
  const isNoise = (places: Uint32Array) => [...places].map((v) => v === noise);
  const border = (i: number) => {
    const [x, y] = [i % size, Math.floor(i / size)];
    return Math.min(x, y, size - 1 - x, size - 1 - y) < 3;
  };

  it('inside covers boxes of a sixth to a third of the side, away from the border, and nothing else', () => {
    const shares = all.map((index) => {
      const places = paintedInside(own, size, noise, draws(index));
      expect([...places].every((v, i) => v === noise || v === i)).toBe(true);
      const flags = isNoise(places);
      expect(flags.some((flag, i) => flag && border(i))).toBe(false);
      return flags.filter((flag) => flag).length / size ** 2;
    });
    // at most five boxes of a ninth
    expect(Math.max(...shares)).toBeLessThan(5 / 9);
    expect(Math.max(...shares)).toBeGreaterThan(0.15);
  });

  it('outside leaves boxes of three to four sevenths of the side, away from the border', () => {
    const widths = all.map((index) => {
      const places = paintedOutside(own, size, noise, draws(index));
      const flags = isNoise(places);
      expect([...places].every((v, i) => v === noise || v === i)).toBe(true);
      expect(flags.every((flag, i) => flag || !border(i))).toBe(true);
      return flags.filter((flag) => !flag).length / size ** 2;
    });
    expect(Math.min(...widths)).toBeGreaterThanOrEqual((3 / 7) ** 2);
  });
});

describe('the image that Models Genesis alters', () => {
  const size = 16;
  const pixels = normals(size * size, 3);
  const sample = sampleOf({ pixels: () => pixels });
  const change = { matrix: [1, 0, 0, 0, 1, 0], gain: 0.5, offset: 0.25 } as const;
  const set = (given: object) =>
    modelsGenesis.setup(facts, { ...(modelsGenesis.defaults as object), ...given }, { size, spacingMm: 2 });

  /** What the network sees of an image, and the tables it was drawn by. */
  async function seen(given: object, index: number) {
    const { input, fields } = set(given);
    const example = input!.pick(choiceOf({ sample, change, size, draw: draws(index) }));
    const tables = example.tables!;
    const at = (table: Field) =>
      tensor(device(), Float64Array.from(tables.get(table)!), [1, ...table.shape], table.dtype);
    const image = Array.from(pixels, (v) => Math.fround(0.5 * v + 0.25));
    const y = await input!.alter!(tensor(device(), image, [1, size, size, 1]), at).read();
    const byName = Object.fromEntries([...tables].map(([table, values]) => [table.name, Array.from(values)]));
    expect(fields.every((own) => tables.has(own))).toBe(true);
    return { example, image, y: [...y], tables: byName };
  }

  it('is as it was where no chance comes true', async () => {
    const { example, image, y } = await seen({ flip: 0, shuffle: 0, curve: 0, paint: 0 }, 1);
    expect(y).toEqual(image);
    expect(example.views).toEqual([{ sample, ...change }]);
  });

  it('is shuffled, mapped by its curve between its percentiles, and painted with noise of that range', async () => {
    const certain = { flip: 0, shuffle: 1, curve: 1, paint: 1 };
    for (const [inside, index] of [
      [0, 2],
      [1, 3],
    ] as const) {
      const { image, y, tables } = await seen({ ...certain, inside }, index);
      const [low, high] = rangeOf(sample).map((v) => 0.5 * v + 0.25) as [number, number];
      const noise = uniforms(size * size, tables.noise![0]! + 2 ** 32 * (tables.noise![1]! % 2 ** 21));
      const expected = tables.places!.map((place) => {
        if (place === size * size) return null;
        const along = ((Math.min(high, Math.max(low, image[place]!)) - low) / (high - low)) * (KNOTS - 1);
        const knot = Math.min(KNOTS - 2, Math.floor(along));
        const [a, b] = [tables.curve![knot]!, tables.curve![knot + 1]!];
        return a + (along - knot) * (b - a);
      });
      const painted = expected.filter((v) => v === null).length / size ** 2;
      expect(painted).toBeGreaterThan(inside === 1 ? 0.02 : 0.3);
      expect(noise.length).toBe(size * size);
      for (const [i, v] of expected.entries())
        if (v === null) {
          expect(y[i]).toBeGreaterThanOrEqual(low - 1e-6);
          expect(y[i]).toBeLessThanOrEqual(high + 1e-6);
        } else expectClose([y[i]!], [v], 1e-4, `pixel ${i}`);
      const sorted = [...pixels].sort((a, b) => a - b);
      expect(sorted.filter((v) => 0.5 * v + 0.25 < low).length).toBe(2);
    }
  });

  it('is flipped with its target, by the matrix of the view', async () => {
    const matrices = new Set<string>();
    for (const index of all)
      matrices.add(
        (await seen({ flip: 1, shuffle: 0, curve: 0, paint: 0 }, index)).example.views[0]!.matrix.join(),
      );
    // three flips each: an odd number of one axis, and an even one of the other
    expect([...matrices].sort()).toEqual(['-1,0,15,0,1,0', '1,0,0,0,-1,15']);
  });
});

describe('Models Genesis', () => {
  it('costs 1, the variance of the image, for the answer 0, and needs room for its boxes', async () => {
    const own = modelsGenesis.setup(facts, modelsGenesis.defaults, { size: 16, spacingMm: 2 });
    const image = Array.from({ length: 256 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    const known = new Map([[own.fields[0]!, tensor(device(), [1], [1, 1])]]);
    const silent = new Map([[own.heads[0]!, zeros(device(), [1, 16, 16, 1])]]);
    const step = stepOf(silent, new Map(), known, tensor(device(), image, [1, 16, 16, 1]));
    expect(await own.loss(step).item()).toBeCloseTo(1, 6);
    own.check([]);
    const small = () => modelsGenesis.setup(facts, modelsGenesis.defaults, { size: 8, spacingMm: 2 });
    expect(small).toThrow(ConfigError);
    expect(small).toThrow('boxes do not fit into images of 8 px');
  });

  it('is learnt on 8 images', async () => {
    const { results } = await learntOnEight(device(), modelsGenesis, undefined, 100);
    expect(results[0]!.value!).toBeLessThan(0.85 * results[0]!.trivial!);
  }, 120_000);
});
