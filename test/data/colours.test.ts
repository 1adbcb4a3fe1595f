/** @file sRGB as CIELAB, against published values and against the inverse; colours of two data sets as one. */
import { describe, expect, it } from 'vitest';
import { joinedColours, labOf } from '../../src/data/colours.ts';

/** CIELAB back to bytes of sRGB, in float64: the formulas' inverses, with sRGB's inverse matrix. */
function bytesOf(lightness: number, a: number, b: number): number[] {
  const y = (lightness + 16) / 116;
  const [delta, white] = [6 / 29, [0.9505, 1, 1.089]];
  const xyz = [y + a / 500, y, y - b / 200].map(
    (f, k) => white[k]! * (f > delta ? f ** 3 : 3 * delta ** 2 * (f - 4 / 29)),
  );
  const inverse = [
    [3.2406, -1.5372, -0.4986],
    [-0.9689, 1.8758, 0.0415],
    [0.0557, -0.204, 1.057],
  ];
  return inverse.map((row) => {
    const v = row.reduce((sum, w, k) => sum + w * xyz[k]!, 0);
    return 255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);
  });
}

describe('CIELAB', () => {
  it('is as published of the primaries and of white, under D65', () => {
    // the primaries in CIELAB, as colour calculators have them, to a tenth
    const published = [
      { rgb: [255, 0, 0], lab: [53.24, 80.09, 67.2] },
      { rgb: [0, 255, 0], lab: [87.73, -86.18, 83.18] },
      { rgb: [0, 0, 255], lab: [32.3, 79.19, -107.86] },
      { rgb: [255, 255, 255], lab: [100, 0, 0] },
      { rgb: [0, 0, 0], lab: [0, 0, 0] },
    ];
    for (const { rgb, lab } of published) {
      const found = labOf(Uint8Array.from(rgb));
      for (const [k, values] of [found.lightness, found.a, found.b].entries())
        expect(Math.abs(values[0]! - lab[k]!), `${rgb}`).toBeLessThan(0.05);
    }
  });

  it('is undone by the inverse to a tenth of a byte, and has no colour for greys', () => {
    const levels = [0, 3, 9, 10, 11, 40, 100, 128, 200, 254, 255];
    for (const r of levels)
      for (const g of levels)
        for (const b of levels) {
          const found = labOf(Uint8Array.of(r, g, b));
          const back = bytesOf(found.lightness[0]!, found.a[0]!, found.b[0]!);
          for (const [k, v] of [r, g, b].entries())
            expect(Math.abs(back[k]! - v), `${r} ${g} ${b}`).toBeLessThan(0.1);
          if (r === g && g === b)
            expect([found.a[0], found.b[0]]).toEqual([expect.closeTo(0, 5), expect.closeTo(0, 5)]);
        }
  });
});

it('colours of two data sets are one behind the other, and NaN of those without', () => {
  const [with1, without] = [
    { pixels: new Float32Array(1), colours: Float32Array.of(1, 2) },
    { pixels: new Float32Array(1) },
  ];
  expect(joinedColours(without, without)).toBeUndefined();
  expect(joinedColours(with1, with1)!.subarray(0, 4)).toEqual(Float32Array.of(1, 2, 1, 2));
  expect(joinedColours(without, with1)!.subarray(0, 4)).toEqual(
    Float32Array.of(Number.NaN, Number.NaN, 1, 2),
  );
});
