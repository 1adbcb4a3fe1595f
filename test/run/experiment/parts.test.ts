/** @file Who tests, who is labelled, who pretrains: nobody in two places. */
import { beforeAll, describe, expect, it } from 'vitest';
import { openFiles } from '../../../src/data/sources/open.ts';
import type { PreparedData } from '../../../src/data/types.ts';
import { parseExperiment } from '../../../src/run/experiment/file.ts';
import { expectApart, partsOf, pointSplit, spareSplit } from '../../../src/run/experiment/parts.ts';
import { hearts } from '../../commands/hearts.ts';
import { tiny } from './tiny.ts';

let data: PreparedData;
beforeAll(async () => {
  ({ data } = await openFiles(hearts(9), { annotations: ['masks'], size: 16, spacingMm: 2 }));
});

const parts = (subjects: object, labelled: readonly (number | 'all')[] = [1, 3]) => {
  const { phantom: _, ...base } = tiny.base;
  return partsOf(
    data,
    parseExperiment({ ...tiny, base: { ...base, data: 'acdc' }, subjects, labelled }, 'e.json'),
  );
};

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
    expect(() => expectApart(['x', own.test[0]!], own, 'initialisations.a.pretraining')).toThrow(
      new RegExp(`a\\.pretraining\\.data and base\\.data both hold ${own.test[0]}: a subject that tests`),
    );
    expect(() => expectApart([...own.spare], own, 'x')).not.toThrow();
  });

  it('are refused where there are too few, or none of that name', () => {
    expect(() => parts({ test: 8 }, [2])).toThrow(
      /labelled asks for 2, but 1 subjects may be labelled: 9 in all/,
    );
    expect(() => parts({ test: 3, pool: 7 })).toThrow(/subjects\.pool is 7, but beside the test subjects 6/);
    expect(() => parts({ test: ['patient050'] })).toThrow(
      /names patient050, but the data hold 9 subjects, patient001 to/,
    );
    expect(() => parts({ test: 'half' })).toThrow(/subjects\.test is "half"\. Write "fold 2\/5"/);
  });
});
