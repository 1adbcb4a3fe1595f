/** @file A training over two hosts: as on one, whatever the second does not see, and told which host it was. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeStore } from '../../src/data/store.node.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import { metricsFile, withoutTimings } from '../../src/train/runlog.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { type Hosts, startHosts, withoutHosts } from '../hosts.ts';
import { type Ended, type Job, program, startRanks } from '../mpi.ts';
import { slow } from '../slow.ts';
import { tinyData } from '../train/tiny.ts';

let folder = '';
let hosts: Hosts;
const at = (...names: string[]): string => join(folder, ...names);
const unable = slow ? withoutHosts : null;
const MINUTES = 60_000;

beforeAll(async () => {
  if (!slow || unable) return;
  folder = await mkdtemp(join(tmpdir(), 'planewise-hosts-'));
  hosts = await startHosts(folder);
  const data = tinyData();
  await writeStore(at('store'), data);
  data.pixels[7]! += 1;
  await writeStore(at('other store'), data);
  const model = { width: 4, depth: 2 };
  const every = { validateEvery: 24, checkpointEvery: 5, validationFraction: 0.2 };
  await writeFile(at('config.json'), JSON.stringify({ model, steps: 24, batch: 4, ...every }));
  // here the hosts differ: the second has nothing
  await mkdir(at('here'));
  await cp(at('store'), at('here', 'store'), { recursive: true });
  hosts.hide(at('here'));
});

afterAll(async () => {
  await hosts?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const begin = (out: string, store = 'store'): string[] => [
  ...['pretrain', '--config', at('config.json'), '--data', at(store), '--out', at(out)],
];
const goOn = (out: string): string[] => ['pretrain', '--resume', '--out', at(out)];

const start = (where: string, size: number, args: string[] | string[][], ...options: string[]): Job =>
  startRanks(size, args, {}, hosts.mpirun(where, ...options));

async function finished(where: string, size: number, args: string[]): Promise<void> {
  const { code, output } = await start(where, size, args).ended;
  expect(code, output).toBe(0);
}

async function expectSame(one: string, other: string): Promise<void> {
  for (const name of [weightsFile, checkpointFile])
    expect(await readFile(at(one, name)), name).toEqual(await readFile(at(other, name)));
  const [log, otherLog] = await Promise.all(
    [one, other].map((out) => readFile(at(out, metricsFile), 'utf8')),
  );
  expect(withoutTimings(log!)).toBe(withoutTimings(otherLog!));
}

function expectRefused({ code, output }: Ended, message: RegExp): void {
  expect(code, output).not.toBe(0);
  expect(output).toMatch(message);
}

describe.skipIf(!slow || unable !== null)(`two hosts${unable ? ` (${unable})` : ''}`, () => {
  it.each([2, 4])(
    'train to the bytes of one with as many ranks, %i, and go on, though the second does not see the run',
    async (size) => {
      const [one, two] = [`one of ${size}`, join('here', `of ${size}`)] as const;
      const fewer = size > 2 ? ['--set', 'steps=5'] : [];
      await finished(`a:${size}`, size, [...begin(one), ...fewer]);
      await finished(`a:${size / 2},b:${size / 2}`, size, [...begin(two), ...fewer]);
      await expectSame(one, two);
      if (size > 2) return;
      await finished('a:1,b:1', 2, goOn(two));
      await expectSame(one, two);
    },
    10 * MINUTES,
  );

  it(
    'end when a rank of the second is killed, with its name, and the first goes on to the same bytes',
    async () => {
      const job = start('a:1,b:1', 2, begin('killed'));
      while (!existsSync(at('killed', checkpointFile)) && job.child.exitCode === null) await sleep(20);
      const [, pid] = /rank 1 \(b, process (\d+)\)/.exec(job.output()) ?? [];
      process.kill(Number(pid), 'SIGKILL');
      expectRefused(await job.ended, new RegExp(`process rank 1 with PID ${pid} on node b`));
      const [command, ...args] = [...hosts.on('b'), process.execPath, program, ...goOn('killed')];
      // the folder is the first host's until it says otherwise
      await expect(promisify(execFile)(command!, args)).rejects.toThrow(
        /killed is written into by process \d+ on a since .* delete .*running\.json/,
      );
      await finished('a:2', 2, goOn('killed'));
      await expectSame('killed', 'one of 2');
    },
    10 * MINUTES,
  );

  it(
    'are refused data that the second does not see, other data and a configuration that it lacks, and told which host',
    async () => {
      const [first, second] = ['rank 0 \\(a, process \\d+\\)', 'rank 1 \\(b, process \\d+\\)'];
      const lacking = await start('a:1,b:1', 2, begin('lacking', 'here/store')).ended;
      expectRefused(
        lacking,
        new RegExp(`here/store: holds a prepared store on ${first}, and ${second} sees none there`),
      );
      const otherData = [begin('other'), begin('other', 'other store')];
      expectRefused(
        await start('a:1,b:1', 2, otherData).ended,
        new RegExp(`not alike: .*pixels is \\S+ on ${first} and \\S+ on ${second}`),
      );
      const unread = ['pretrain', '--config', at('here', 'none.json'), '--out', at('other')];
      expectRefused(
        await start('a:1,b:1', 2, [begin('other'), unread]).ended,
        new RegExp(`${second} cannot go on, so all 2 end:\\s+planewise: .*none\\.json: does not exist`),
      );
    },
    10 * MINUTES,
  );

  it(
    'that do not reach each other are told so',
    async () => {
      const ports = ['--mca', 'btl_tcp_port_min_v4', '20000', '--mca', 'btl_tcp_port_range_v4', '100'];
      hosts.block('20000-20099');
      const options = [...ports, '-x', 'PLANEWISE_RANK_TIMEOUT=5'];
      expectRefused(
        await start('a:1,b:1', 2, begin('unreached'), ...options).ended,
        /rank 1 did not answer rank 0 \(a, process \d+\) at the start, for 5 s: on another host, it may not/,
      );
    },
    10 * MINUTES,
  );
});
