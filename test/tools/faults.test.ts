/** @file The campaigns of tools/faults, short: what is killed goes on to the same bytes, and one alone writes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { killCampaign } from '../../tools/faults/kill.mjs';
import { lockContest, writersCampaign } from '../../tools/faults/writers.mjs';

let scratch = '';
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'planewise-faults-'));
});
afterEach(() => rm(scratch, { recursive: true }));

it.each([
  ['data', ['phantom', 'prepare']],
  ['training', ['pretrain']],
])(
  '%s that is killed and gone on with leaves the bytes of what nobody disturbed',
  async (_, only) => {
    const rows = await killCampaign({ times: 2, seed: 1, scratch, only });
    expect(rows.flatMap(({ problems }) => problems)).toEqual([]);
    expect(rows.reduce((sum, { kills }) => sum + kills, 0)).toBe(2 * only.length);
    expect(rows.some(({ phase }) => phase !== 'was over')).toBe(true);
  },
  400_000,
);

it('of several on one folder one writes, and the others say who', async () => {
  const contest = await lockContest({ count: 3, times: 12, seed: 1, scratch });
  expect(contest).toMatchObject({ together: 0, other: [] });
  expect(contest.held).toBeGreaterThan(6);
  const rows = await writersCampaign({ times: 2, seed: 1, scratch, only: ['phantom'] });
  expect(rows).toMatchObject([{ job: 'phantom', races: 2, problems: [] }]);
}, 400_000);
