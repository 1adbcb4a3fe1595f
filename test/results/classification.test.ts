/** @file AUC of several classes and calibration, against scipy's and numpy's. */
import { describe, expect, it, test } from 'vitest';
import { ShapeError } from '../../src/base/errors.ts';
import { macroAuc } from '../../src/results/auc.ts';
import { calibrationOf } from '../../src/results/calibration.ts';
import goldens from '../goldens/classification.json' with { type: 'json' };

const casesOf = ({ truth, scores }: (typeof goldens)[number]) =>
  truth.map((label, i) => ({ truth: label, scores: scores[i]! }));

describe('the AUC of classes against the rest', () => {
  test.each(goldens)('is what scipy gives: $name', (golden) => {
    const classes = golden.byClass.length;
    const { macro, standardError, interval, byClass, pseudoValues } = macroAuc(casesOf(golden), classes);
    expect(macro).toBeCloseTo(golden.macro, 12);
    for (const [k, value] of byClass.entries())
      if (golden.byClass[k] === null) expect(value).toBeNull();
      else expect(value).toBeCloseTo(golden.byClass[k]!, 12);
    expect(pseudoValues.reduce((a, b) => a + b, 0) / pseudoValues.length).toBeCloseTo(golden.macro, 10);
    if (golden.delong !== undefined) expect(standardError).toBeCloseTo(golden.delong, 12);
    if (golden.interval) {
      expect(interval![0]).toBeCloseTo(golden.interval[0]!, 9);
      expect(interval![1]).toBeCloseTo(golden.interval[1]!, 9);
    }
    if (golden.jackknife === undefined) return;
    // leaving a case out also changes the size of the others' rest: equal for two classes, else nearly
    expect(standardError! / golden.jackknife).toBeCloseTo(1, classes === 2 ? 10 : 1);
    expect(Math.abs(standardError! / golden.bootstrap! - 1)).toBeLessThan(0.15);
  });

  it('has no interval where nobody can tell it', () => {
    const named = (name: string) => {
      const golden = goldens.find((one) => one.name === name)!;
      return macroAuc(casesOf(golden), golden.byClass.length);
    };
    expect(named('two classes in perfect order')).toMatchObject({
      macro: 1,
      standardError: 0,
      interval: null,
    });
    expect(named('four classes, one with a single case')).toMatchObject({
      standardError: null,
      interval: null,
    });
    expect(named('three classes, equal scores')).toMatchObject({ macro: 0.5, interval: null });
    expect(macroAuc([], 2)).toMatchObject({ macro: null, byClass: [null, null], pseudoValues: [] });
    expect(macroAuc([{ truth: 1, scores: [0, 1] }], 2).macro).toBeNull();
  });

  it('refuses classes and scores that are none', () => {
    for (const one of [
      { truth: 2, scores: [0, 1] },
      { truth: -1, scores: [0, 1] },
      { truth: 0, scores: [0, 1, 2] },
      { truth: 0, scores: [Number.NaN, 1] },
    ])
      expect(() => macroAuc([one], 2)).toThrow(ShapeError);
  });
});

describe('calibration', () => {
  test.each(goldens)(
    'has the bins and the error that numpy gives: $name',
    ({ truth, scores, calibration }) => {
      const claims = scores.map((row, i) => {
        const confidence = Math.max(...row);
        return { confidence, right: row.indexOf(confidence) === truth[i] };
      });
      const { error, bins } = calibrationOf(claims);
      expect(bins.map(({ count }) => count)).toEqual(calibration.counts);
      expect(error).toBeCloseTo(calibration.error, 12);
    },
  );

  it('puts certainty in the last bin, has no error of nothing, and refuses what is no probability', () => {
    const { error, bins } = calibrationOf([
      { confidence: 1, right: true },
      { confidence: 0.95, right: false },
      { confidence: 0.5, right: true },
    ]);
    expect(bins[9]).toEqual({ from: 0.9, to: 1, count: 2, confidence: 0.975, accuracy: 0.5 });
    expect(bins[5]).toMatchObject({ count: 1, accuracy: 1 });
    expect(error).toBeCloseTo((2 * 0.475 + 0.5) / 3, 12);
    expect(calibrationOf([]).error).toBeNull();
    expect(() => calibrationOf([{ confidence: 1.01, right: true }])).toThrow(ShapeError);
  });
});
