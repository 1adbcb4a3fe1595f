import { describe, expect, it } from 'vitest';
import { isMarkOf, pixelMark } from '../../src/train/pixels.ts';

const images = [{}, {}, {}] as never[];

/** Three images of 2×2 pixels. */
const dataOf = (change: (pixels: Float32Array) => void = () => {}) => {
  const pixels = Float32Array.from({ length: 12 }, (_, i) => i);
  change(pixels);
  return { pixels, manifest: { size: 2, images } as never };
};

describe('the mark of a data set’s pixels', () => {
  it('is of those alone, to the last bit', () => {
    const mark = pixelMark(dataOf());
    expect(isMarkOf(mark, dataOf())).toBe(true);
    for (let i = 0; i < 12; i++) {
      const other = dataOf((pixels) => {
        pixels[i]! += 2 ** -20;
      });
      expect(isMarkOf(mark, other)).toBe(false);
      expect(pixelMark(other)).not.toBe(mark);
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'leaves out an image with %s, which may be mended, and no other',
    (value) => {
      const mark = pixelMark(
        dataOf((pixels) => {
          pixels[5] = value;
        }),
      );
      expect(mark).toMatch(/ without 1$/);
      expect(isMarkOf(mark, dataOf())).toBe(true);
      const alsoElsewhere = dataOf((pixels) => {
        pixels[0] = 1;
      });
      expect(isMarkOf(mark, alsoElsewhere)).toBe(false);
      // what is mended has a mark as if it had never been otherwise
      expect(pixelMark(dataOf())).not.toContain('without');
    },
  );
});
