/** @file Who tests, who is labelled, who pretrains: nobody in two places. */
import { beforeAll, describe, expect, it } from 'vitest';
import { openFiles } from '../../../src/data/sources/open.ts';
import { type PreparedData, UNKNOWN } from '../../../src/data/types.ts';
import { parseExperiment } from '../../../src/run/experiment/file.ts';
import {
  expectApart,
  heldOutNotice,
  partsOf,
  pointSplit,
  spareSplit,
  untestedSplit,
} from '../../../src/run/experiment/parts.ts';
import { hearts } from '../../commands/hearts.ts';
import { tiny } from './tiny.ts';

let data: PreparedData;
beforeAll(async () => {
  ({ data } = await openFiles(hearts(9), { annotations: ['masks'], size: 16, spacingMm: 2 }));
});

const folds = (subjects: object, labelled: readonly (number | 'all')[] = [1, 3], of = data) => {
  const { phantom: _, ...base } = tiny.base;
  return partsOf(
    of,
    parseExperiment({ ...tiny, base: { ...base, data: 'acdc' }, subjects, labelled }, 'e.json'),
  );
};

const parts = (...asked: Parameters<typeof folds>) => folds(...asked)[0]!;

describe('the subjects of an experiment', () => {
  it.each([
    ['a count', 3, 3],
    ['a fold', 'fold 2/3', 3],
    ['a range and a name', ['patient001..patient003', 'patient009'], 4],
  ])('test as %s says, pool and rest apart', (_, test, count) => {
    const { test: tests, pool, spare } = parts({ test, pool: 4 });
    expect(tests).toHaveLength(count);
    expect(pool).toHaveLength(4);
    expect([...tests, ...pool, ...spare].sort()).toEqual(Object.keys(data.manifest.groups!).sort());
  });

  it('are drawn so that fewer are among more, and validate only if they are labelled', () => {
    const own = parts({ test: 3 });
    const at = (labelled: number | 'all', validation = 0) =>
      pointSplit(own, { labelled, seed: 4 }, validation);
    expect(at(3).train).toEqual(expect.arrayContaining([...at(1).train]));
    expect(at('all').train).toEqual([...own.pool].sort());
    const chosen = at(3, 1);
    expect([...chosen.train, ...chosen.validation].sort()).toEqual(at(3).train);
    expect(chosen.test).toEqual(own.test);
    expect(at(1)).toMatchObject({ validation: [] });
  });

  it('pretrain only if they are spare', () => {
    const own = parts({ test: 3, pool: 3 });
    const { train, validation, test } = spareSplit(own, 'x', { seed: 1, validation: 0.3, test: 0.3 });
    expect([...train, ...validation, ...test].sort()).toEqual([...own.spare].sort());
    const none = parts({ test: 3 });
    const spare = () =>
      spareSplit(none, 'initialisations.a.pretraining', { seed: 1, validation: 0, test: 0 });
    expect(spare).toThrow(/a\.pretraining\.data are those of base, .* Set subjects\.pool/);
    expect(() => expectApart(['x', own.test[0]!], [own], 'initialisations.a.pretraining')).toThrow(
      new RegExp(`a\\.pretraining\\.data and base\\.data both hold ${own.test[0]}: a subject that tests`),
    );
    expect(() => expectApart([...own.spare], [own], 'x')).not.toThrow();
  });

  it('are refused where there are too few, or none of that name', () => {
    expect(() => parts({ test: 8 }, [2])).toThrow(
      /labelled asks for 2, but 1 subjects may be labelled: 9 in all/,
    );
    expect(() => parts({ test: 3, pool: 7 })).toThrow(/subjects\.pool is 7, but beside the test subjects 6/);
    expect(() => parts({ test: ['patient050'] })).toThrow(
      /names patient050, but the data hold 9 subjects, patient001 to/,
    );
    expect(() => parts({ test: 'half' })).toThrow(
      /subjects\.test is "half"\. Write "each", "5 folds", "fold 2\/5"/,
    );
  });

  it('test once each, alone or in folds, and are labelled in the others', () => {
    const all = Object.keys(data.manifest.groups!).sort();
    const each = folds({ test: 'each' });
    expect(each.map(({ test }) => test)).toEqual(all.map((name) => [name]));
    for (const { test, pool, spare } of each) expect([...test, ...pool, ...spare].sort()).toEqual(all);
    const four = folds({ test: '4 folds', seed: 3 });
    expect(four.flatMap(({ test }) => test).sort()).toEqual(all);
    for (const [i, own] of four.entries()) {
      expect(own.test).toEqual(parts({ test: `fold ${i + 1}/4`, seed: 3 }).test);
      const { train } = pointSplit(own, { labelled: 3, seed: 1 }, 0);
      expect(train.filter((name) => own.test.includes(name))).toEqual([]);
      expect(train).toHaveLength(3);
    }
    expect(() => folds({ test: 'each' }, [9])).toThrow(/labelled asks for 9, but 8 subjects may be labelled/);
    expect(() => folds({ test: '10 folds' })).toThrow(/^subjects\.test: fold 1\/10 of 9 subjects/);
    expect(() => folds({ test: '1 folds' })).toThrow(/subjects\.test is "1 folds"/);
  });

  it('test only if they have labels', () => {
    const masks = data.masks!.slice();
    const area = data.manifest.size ** 2;
    for (const [i, { subject }] of data.manifest.images.entries())
      if (subject === 'patient004') masks.fill(UNKNOWN, i * area, (i + 1) * area);
    const partial = { ...data, masks };
    const each = folds({ test: 'each' }, [2], partial);
    expect(each).toHaveLength(8);
    for (const { test, pool, spare } of each) {
      expect([...test, ...pool]).not.toContain('patient004');
      expect(spare).toEqual(['patient004']);
    }
    for (const seed of [1, 2, 3])
      expect(folds({ test: 7, seed }, [1], partial)[0]!.test).not.toContain('patient004');
  });

  it('test if those who published the data hold them out, and what else the file says is told', () => {
    const heldOut = ['patient002', 'patient007'];
    const published = { ...data, manifest: { ...data.manifest, heldOut } };
    const own = folds({}, [2], published);
    expect(own.map(({ test }) => test)).toEqual([heldOut]);
    expect(own[0]!.pool).toHaveLength(7);
    expect(heldOutNotice(published, own)).toBeNull();
    const other = folds({ test: ['patient001', 'patient002'] }, [2], published);
    expect(heldOutNotice(published, other)).toMatch(
      /hold out 2 subjects \(patient002, patient007\), of whom 1 test here, with 1 others; .* Leave subjects\.test out/,
    );
    expect(heldOutNotice(published, folds({ test: '3 folds' }, [2], published))).toMatch(/with 7 others/);
    expect(heldOutNotice(data, other)).toBeNull();
    expect(() => folds({})).toThrow(/subjects\.test is needed, for the data hold out nobody/);
  });

  it('pretrain if they do not test, whatever they are called elsewhere', () => {
    const [first] = folds({ test: 'each' });
    const same: Record<string, string> = { scan7: 'patient001', scan8: 'patient002' };
    const target = (name: string) => same[name] ?? name;
    const fractions = { seed: 1, validation: 0, test: 0 };
    const untested = (names: readonly string[], own = first!) =>
      untestedSplit(names, own, target, 'initialisations.a.pretraining', fractions);
    expect(untested(['scan7', 'scan8', 'patient003', 'stranger'])).toEqual({
      split: { train: ['patient003', 'scan8', 'stranger'], validation: [], test: [] },
      missing: [],
    });
    expect(untested(['scan8', 'patient003']).missing).toEqual(['patient001']);
    expect(() => untested(['scan7'])).toThrow(/leaves nobody to pretrain: all 1 test/);
    expect(() => untested(['x', 'y'])).toThrow(
      /of base\.data nobody is known there by name: x, y\. Say in subjects\.same who is whom/,
    );
  });
});
