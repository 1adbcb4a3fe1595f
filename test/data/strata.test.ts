/** @file Draws with every group in its share: nested, balanced, whoever comes first. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { drawsOf, permutation } from '../../src/base/random.ts';
import { purposes } from '../../src/data/purposes.ts';
import { foldOf, stratifiedOrder } from '../../src/data/strata.ts';

const names = Array.from({ length: 23 }, (_, i) => `s${String(i).padStart(2, '0')}`);
/** Of 11, 6, 4 and 2 subjects. */
const groups = Object.fromEntries(
  names.map((name, i) => [name, `g${[11, 17, 21].filter((from) => i >= from).length}`]),
);
const counts = (some: readonly string[]): number[] =>
  ['g0', 'g1', 'g2', 'g3'].map((group) => some.filter((name) => groups[name] === group).length);

describe('stratifiedOrder', () => {
  it('has about each group’s share in every beginning', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const order = stratifiedOrder(names, groups, { seed, purpose: purposes.labelled });
      expect([...order].sort()).toEqual(names);
      for (let n = 1; n <= names.length; n++)
        counts(order.slice(0, n)).forEach((count, g) => {
          const share = counts(names)[g]! / names.length;
          expect(Math.abs(count - n * share), `seed ${seed}, ${n} of group ${g}`).toBeLessThan(1.5);
        });
    }
  });

  it('follows from the seed alone, not from the order in which subjects come', () => {
    const order = stratifiedOrder(names, groups, { seed: 7, purpose: purposes.labelled });
    expect(stratifiedOrder([...names].reverse(), groups, { seed: 7, purpose: purposes.labelled })).toEqual(
      order,
    );
    expect(stratifiedOrder(names, groups, { seed: 8, purpose: purposes.labelled })).not.toEqual(order);
    expect(stratifiedOrder(names, groups, { seed: 7, purpose: purposes.pool })).not.toEqual(order);
  });

  it('is a plain draw where no groups are known', () => {
    const sorted = [...names].sort();
    const drawn = Array.from(permutation(names.length, drawsOf(3, purposes.labelled, 0)), (i) => sorted[i]!);
    const order = stratifiedOrder(names, {}, { seed: 3, purpose: purposes.labelled });
    for (const n of [1, 2, 5, 23]) expect(order.slice(0, n).sort()).toEqual(drawn.slice(0, n).sort());
  });
});

describe('foldOf', () => {
  it('parts the subjects evenly, each group too', () => {
    const folds = [1, 2, 3, 4, 5].map((k) =>
      foldOf(names, groups, { k, n: 5 }, { seed: 1, purpose: purposes.heldOut }),
    );
    expect(folds.flat().sort()).toEqual(names);
    for (const fold of folds) {
      expect(fold.length).toBeGreaterThanOrEqual(4);
      counts(fold).forEach((count, g) => {
        expect(Math.abs(count - counts(names)[g]! / 5)).toBeLessThan(1);
      });
    }
  });

  it('refuses a fold that there is not', () => {
    for (const fold of [
      { k: 0, n: 5 },
      { k: 6, n: 5 },
      { k: 1, n: 24 },
      { k: 1, n: 1 },
    ])
      expect(() => foldOf(names, groups, fold, { seed: 1, purpose: purposes.heldOut })).toThrow(ConfigError);
  });
});
