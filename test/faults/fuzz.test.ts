/** @file A short campaign: some damaged files for every reader, the same at each run. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { campaign, mutated } from '../../tools/faults/fuzz.ts';
import { seedsOf } from '../../tools/faults/fuzzSeeds.ts';
import { buildFaults } from '../../tools/faults.mjs';

it('readers give a value or an error of their own for damaged files, in bounds', async () => {
  const seeds = await seedsOf(process.cwd());
  const program = join(await buildFaults('faults-fuzz'), 'fuzzChild.js');
  const { counts, findings } = await campaign(seeds, { seed: 7, times: 440, program });
  expect(findings.map(({ number, reader, column, text }) => [number, reader, column, text])).toEqual([]);
  expect(counts.size).toBe(new Set(seeds.map(({ reader }) => reader)).size);
  const typed = [...counts.values()].reduce((sum, own) => sum + own.typed, 0);
  expect(typed).toBeGreaterThan(100);
});

it('a mutation depends on seed and number alone', async () => {
  const seeds = await seedsOf(process.cwd());
  expect(mutated(seeds, 7, 123)).toEqual(mutated(seeds, 7, 123));
  expect(mutated(seeds, 7, 123)).not.toEqual(mutated(seeds, 8, 123));
});
