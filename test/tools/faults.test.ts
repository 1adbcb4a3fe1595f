/** @file The campaigns of tools/faults, short: what is disturbed goes on to the same bytes, and one alone writes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { campaigns, type Row } from '../../tools/faults/campaigns.mjs';
import { hostileCampaign, together } from '../../tools/faults/hostile.ts';
import { whyNoMounts } from '../../tools/faults/mounts.mjs';
import { withoutMpi } from '../../tools/faults/mpirun.mjs';
import { lockContest, writersCampaign } from '../../tools/faults/writers.mjs';
import { slow } from '../slow.ts';

let scratch = '';
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'planewise-faults-'));
});
afterAll(() => rm(scratch, { recursive: true }));

const TIMEOUT = 900_000;

/** Every fault was survived, and one at least came while the job was at work. */
function expectSame(rows: readonly Row[], faults: number): void {
  expect(rows.flatMap(({ problems }) => problems)).toEqual([]);
  expect(rows.reduce((sum, { same }) => sum + same, 0)).toBeGreaterThanOrEqual(faults);
  expect(rows.some(({ phase }) => !phase.endsWith('was over'))).toBe(true);
}

// each waits for programs most of the time
describe.runIf(slow)(
  'the bytes of what nobody disturbed are left by what goes on',
  { concurrent: true },
  () => {
    it(
      'after a kill',
      async () => {
        expectSame(
          await campaigns.kill({ times: 1, seed: 3, scratch, only: ['phantom', 'prepare', 'train'] }),
          3,
        );
      },
      TIMEOUT,
    );

    it(
      'after the loss of the device',
      async () => {
        expectSame(await campaigns.device({ times: 2, seed: 1, scratch }), 2);
      },
      TIMEOUT,
    );

    it.skipIf(withoutMpi)(
      `after a rank was killed${withoutMpi ? `: ${withoutMpi}` : ''}`,
      async () => {
        expectSame(await campaigns.ranks({ times: 2, seed: 1, scratch }), 2);
      },
      TIMEOUT,
    );

    const noImage = whyNoMounts('image');
    it.skipIf(noImage)(
      `after a power cut${noImage ? `: ${noImage}` : ''}`,
      async () => {
        expectSame(await campaigns.power({ times: 2, seed: 1, scratch, only: ['phantom', 'train'] }), 4);
      },
      TIMEOUT,
    );

    const noMemory = whyNoMounts('memory');
    it.skipIf(noMemory)(
      `after the disk was full, or read-only${noMemory ? `: ${noMemory}` : ''}`,
      async () => {
        expectSame(await campaigns.disk({ times: 4, seed: 1, scratch, only: ['prepare'] }), 4);
        expectSame(await campaigns.disk({ times: 1, seed: 1, scratch, only: ['train'] }), 1);
      },
      TIMEOUT,
    );
  },
);

it(
  'a folder of everything that nobody should have is read all the same',
  async () => {
    const rows = await hostileCampaign({
      scratch: await mkdtemp(join(scratch, 'hostile-')),
      only: ['prepare'],
      folders: together().slice(0, 1),
    });
    expect(rows.map(({ problem, end }) => ({ problem, end }))).toEqual([{ problem: null, end: 'read' }]);
    expect(rows[0]!.said).toMatch(/FIFO[\s\S]*may not be accessed/);
  },
  TIMEOUT,
);

it(
  'of several on one folder one writes, and the others say who',
  async () => {
    const contest = await lockContest({ count: 3, times: 12, seed: 1, scratch });
    expect(contest).toMatchObject({ together: 0, other: [] });
    expect(contest.held).toBeGreaterThan(6);
    const rows = await writersCampaign({ times: 1, seed: 1, scratch, only: ['phantom'] });
    expect(rows).toMatchObject([{ job: 'phantom', races: 1, problems: [] }]);
  },
  TIMEOUT,
);

it.runIf(slow)(
  'of several on one experiment each does it, and they leave the bytes of one',
  async () => {
    const rows = await writersCampaign({ times: 1, seed: 1, scratch, only: ['experiment'] });
    expect(rows).toMatchObject([{ job: 'experiment', races: 1, done: 2, refused: 0, problems: [] }]);
  },
  TIMEOUT,
);
