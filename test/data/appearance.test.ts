/** @file Drawn appearances and displacements: one number each for every option, from (seed, purpose, counter). */
import { describe, expect, it } from 'vitest';
import { drawsOf } from '../../src/base/random.ts';
import { CONTROLS, changesOf, drawAppearance, drawControls } from '../../src/data/appearance.ts';
import { type AugmentationOptions, drawAugmentation } from '../../src/data/augmentation.ts';
import { BatchLayout } from '../../src/data/batch.ts';
import { purposes } from '../../src/data/purposes.ts';

const all = {
  ...{ blurPx: 2, noise: 0.5, biasField: 0.3, elasticPx: 2 },
  ...{ contrast: [0.7, 1.3], gamma: [0.6, 1.6] },
} as const satisfies AugmentationOptions;
const moves = {
  rotationDeg: 30,
  scale: [0.8, 1.2],
  shiftPx: 4,
  flipX: true,
  gain: [0.5, 2],
  offset: 1,
} as const;
const counters = Array.from({ length: 200 }, (_, i) => i);

describe('an appearance', () => {
  it('keeps each number as it is whatever the other options are', () => {
    for (const counter of [0, 1, 7]) {
      const whole = drawAppearance(3, counter, all);
      for (const key of ['blurPx', 'noise', 'biasField', 'contrast', 'gamma'] as const)
        expect(drawAppearance(3, counter, { [key]: all[key] })).toMatchObject({
          [key]: whole[key],
          noiseKey: whole.noiseKey,
        });
      expect(drawAppearance(4, counter, all)).not.toEqual(whole);
    }
  });

  it('takes each number from its place in a stream of its own', () => {
    const next = drawsOf(3, purposes.appearance, 5);
    const [blurPx, noise, contrast, gamma, first, second, ...bias] = Array.from({ length: 11 }, next) as [
      number,
      ...number[],
    ];
    const drawn = drawAppearance(3, 5, all);
    expect(drawn).toMatchObject({ blurPx: 2 * blurPx, noise: 0.5 * noise! });
    expect(drawn.contrast).toBeCloseTo(0.7 + 0.6 * contrast!, 12);
    expect(drawn.gamma).toBeCloseTo(0.6 + gamma!, 12);
    expect(drawn.noiseKey).toEqual([first! * 2 ** 32, second! * 2 ** 32]);
    for (const [i, u] of bias.entries()) expect(drawn.biasField[i]).toBeCloseTo(0.6 * u - 0.3, 12);
    const control = drawsOf(3, purposes.elastic, 5);
    expect(drawControls(3, 5, 2)[0]).toBe(Math.fround(4 * control() - 2));
  });

  it('fills the ranges, and nothing but them', () => {
    const drawn = counters.map((counter) => drawAppearance(5, counter, all));
    const ends = (values: readonly number[]) => [Math.min(...values), Math.max(...values)] as const;
    for (const [values, [low, high]] of [
      [drawn.map(({ blurPx }) => blurPx), [0, 2]],
      [drawn.map(({ noise }) => noise), [0, 0.5]],
      [drawn.flatMap(({ biasField }) => biasField), [-0.3, 0.3]],
      [drawn.map(({ contrast }) => contrast), [0.7, 1.3]],
      [drawn.map(({ gamma }) => gamma), [0.6, 1.6]],
      [counters.flatMap((counter) => [...drawControls(5, counter, 2)]), [-2, 2]],
    ] as const) {
      const [least, most] = ends(values);
      const room = 0.05 * (high - low);
      expect(least).toBeGreaterThanOrEqual(low);
      expect(most).toBeLessThanOrEqual(high);
      expect([least < low + room, most > high - room]).toEqual([true, true]);
    }
    const keys = new Set(drawn.map(({ noiseKey }) => noiseKey.join()));
    expect(keys.size).toBe(counters.length);
  });

  it('is drawn where something of it may change, and leaves how the image is moved as it was', () => {
    const still = drawAugmentation(1, 9, moves, 48);
    expect(Object.keys(still)).toEqual(['matrix', 'gain', 'offset']);
    expect(drawAugmentation(1, 9, { ...moves, contrast: [1, 1], gamma: [1, 1], noise: 0 }, 48)).toEqual(
      still,
    );
    const changed = drawAugmentation(1, 9, { ...moves, ...all }, 48);
    expect(changed).toMatchObject(still);
    expect(changed.appearance).toEqual(drawAppearance(1, 9, all));
    expect(changed.controls).toHaveLength(2 * CONTROLS ** 2);
    expect(changesOf({ gamma: [1, 1.2] })).toEqual({
      ...{ blur: false, noise: false, intensity: true, elastic: false },
    });
  });

  it('stands in the batch as the ops take it; one that is left out changes nothing', () => {
    const { matrix, gain, offset, ...rest } = drawAugmentation(1, 9, all, 2);
    const layout = new BatchLayout({ examples: 2, views: 1, size: 2 }, []);
    const batch = layout.batch();
    batch.place(0, 0, new Float32Array(4), { matrix, gain, offset });
    batch.place(1, 0, new Float32Array(4), { matrix, gain, offset, ...rest });
    const { blur, noise, noiseKeys, intensity } = layout.appearance;
    const { appearance, controls } = rest;
    const words = (at: typeof blur) =>
      at.dtype === 'u32'
        ? [...new Uint32Array(batch.bytes.buffer, at.start, at.size)]
        : [...new Float32Array(batch.bytes.buffer, at.start, at.size)];
    expect(words(blur)).toEqual([0, Math.fround(appearance!.blurPx)]);
    expect(words(noise)).toEqual([0, Math.fround(appearance!.noise)]);
    expect(words(noiseKeys)).toEqual([0, 0, ...appearance!.noiseKey]);
    const { biasField, contrast, gamma } = appearance!;
    const row = [...biasField, contrast, gamma].map(Math.fround);
    expect(words(intensity)).toEqual([0, 0, 0, 0, 0, 1, 1, ...row]);
    expect(words(layout.controls)).toEqual([...new Array(98).fill(0), ...controls!]);
  });
});
