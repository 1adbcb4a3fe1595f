import { describe, expect, it } from 'vitest';
import { fixed, ratioOf, valueText } from '../../src/results/result.ts';
import { resultOf } from './results.ts';

describe('a result', () => {
  it('compares with the trivial one so that below 1 is better, whichever way it points', () => {
    expect(ratioOf(resultOf({ value: 4, trivial: 10 }))).toBeCloseTo(0.4, 12);
    expect(ratioOf(resultOf({ value: 0.8, trivial: 0.5, better: 'higher' }))).toBeCloseTo(0.625, 12);
    expect(ratioOf(resultOf({ value: 0.4, trivial: 0.5, better: 'higher' }))).toBeCloseTo(1.25, 12);
    expect(ratioOf(resultOf({ value: 0, trivial: 10 }))).toBe(0);
  });

  it('is as good as the trivial one where both are the same, and beyond all measure worse where that alone is perfect', () => {
    for (const better of ['lower', 'higher'] as const) {
      expect(ratioOf(resultOf({ value: 0, trivial: 0, better }))).toBe(1);
      const [value, trivial] = better === 'lower' ? [0.5, 0] : [0, 0.5];
      expect(ratioOf(resultOf({ value, trivial, better }))).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it('has no ratio without both numbers', () => {
    expect(ratioOf(resultOf({ value: null }))).toBeNull();
    expect(ratioOf(resultOf({ trivial: null }))).toBeNull();
  });

  it('reads with its decimals and unit, or as a dash', () => {
    expect(valueText({ digits: 2, unit: '°' }, 3.014)).toBe('3.01°');
    expect(valueText({ digits: 1, unit: ' mm' }, -5.67)).toBe('−5.7 mm');
    expect(valueText({ digits: 4, unit: '' }, 0.08)).toBe('0.0800');
    expect(valueText({ digits: 2, unit: ' mm' }, null)).toBe('–');
  });
});

describe('a number', () => {
  it('has the decimals asked for and a true minus sign, or is a dash where there is none', () => {
    expect([fixed(1.25, 1), fixed(-0.5, 2), fixed(12, 0)]).toEqual(['1.3', '−0.50', '12']);
    expect([fixed(-0.001, 2), fixed(-0.49, 0), fixed(-0.005001, 2)]).toEqual(['0.00', '0', '−0.01']);
    for (const none of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY])
      expect(fixed(none, 2)).toBe('–');
  });
});
