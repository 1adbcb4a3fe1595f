/** @file Locks of folders: one writer at a time, whoever dies, and a folder that is gone is never made again. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BusyError, FileError } from '../../src/base/errors.ts';
import {
  freeOfJob,
  isLockName,
  lockFile,
  lockFolder,
  lockWhenFree,
  whileLocked,
} from '../../src/data/files/lock.node.ts';
import { ownMark } from '../../src/data/files/process.node.ts';
import { DiskFiles } from '../../src/train/runfiles.node.ts';

let folder = '';
let run = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-lock-'));
  run = join(folder, 'deep', 'run');
});
afterEach(() => rm(folder, { recursive: true }));

/** A lock as another process would have left it. */
async function locked(holder: object): Promise<void> {
  await mkdir(run, { recursive: true });
  await writeFile(join(run, lockFile), JSON.stringify(holder));
}

async function refusal(): Promise<BusyError> {
  const error = await lockFolder(run).then(
    () => null,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(BusyError);
  return error;
}

/** The number of a process that is gone. */
async function goneProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((done) => child.on('exit', done));
  return child.pid!;
}

const since = '2026-01-02T03:04:05.000Z';
const linux = process.platform === 'linux';

describe('a folder’s lock', () => {
  it('says who has it, refuses others naming these, and leaves nothing behind', async () => {
    const lock = await lockFolder(run);
    const written = JSON.parse(await readFile(join(run, lockFile), 'utf8'));
    expect(written).toMatchObject({ host: hostname(), pid: process.pid, since: expect.any(String) });
    expect(Math.abs(Date.parse(written.since) - Date.now())).toBeLessThan(10_000);
    const error = await refusal();
    expect(error).toMatchObject({ code: 'BUSY', folder: run, host: hostname(), pid: process.pid });
    expect(error.since).toBe(written.since);
    for (const word of [run, hostname(), `process ${process.pid}`, written.since])
      expect(error.message).toContain(word);
    lock.free();
    expect(await readdir(folder)).toEqual([]);
    (await lockFolder(run)).free();
  });

  it('is known by its name, and so is what making one leaves', () => {
    const names = [lockFile, `${lockFile}.taking`, `${lockFile}.7.tmp`, 'running.jsonl', `my.${lockFile}`];
    expect(names.map(isLockName)).toEqual([true, true, true, false, false]);
  });

  it('leaves a folder that was there, or that holds something by now', async () => {
    await mkdir(run, { recursive: true });
    (await lockFolder(run)).free();
    expect(existsSync(run)).toBe(true);
    const inner = await lockFolder(join(run, 'inner'));
    await new DiskFiles(inner.folder, inner).append('log', 'x');
    inner.free();
    expect(await readdir(join(run, 'inner'))).toEqual(['log']);
  });

  it('of a living process of this machine holds, of one that is gone does not', async () => {
    await locked({ host: hostname(), pid: process.ppid, since });
    expect(await refusal()).toMatchObject({ pid: process.ppid, since });
    await locked({ host: hostname(), pid: await goneProcess(), since });
    await writeFile(join(run, `metrics.jsonl.${crypto.randomUUID()}.tmp`), '');
    await writeFile(join(run, 'weights.safetensors.4711.tmp'), '');
    await writeFile(join(run, 'kept.tmp'), '');
    const lock = await lockFolder(run);
    expect((await readdir(run)).sort()).toEqual(['kept.tmp', lockFile]);
    lock.free();
  });

  it('of an earlier version, which said no more than host and number, counts', async () => {
    await locked({ host: hostname(), pid: process.ppid });
    expect((await refusal()).since).toBeNull();
  });

  it.runIf(linux)(
    'knows a number that came again by the start of its process, or of the machine',
    async () => {
      const own = ownMark();
      const parent = readFileSync(`/proc/${process.ppid}/stat`, 'latin1').split(') ')[1]!.split(' ')[19]!;
      const other = { ...own, pid: process.ppid, since };
      await locked({ ...other, started: parent });
      await refusal();
      for (const change of [{ started: `${Number(parent) + 1}` }, { started: parent, boot: 'another' }]) {
        await locked({ ...other, ...change });
        (await lockFolder(run)).free();
      }
      await locked({ ...own, started: `${Number(own.started) - 1}`, id: 'x', since });
      (await lockFolder(run)).free();
    },
  );

  it.runIf(linux)(
    'of a machine that has the same name is not taken over, whenever that started',
    async () => {
      const other = { ...ownMark(), pid: process.ppid, since };
      await locked({ ...other, machine: 'another', boot: 'another' });
      await expect(lockFolder(run)).rejects.toThrow(/If that process is gone, delete/);
      await locked({ ...other, machine: null, boot: 'another' });
      (await lockFolder(run)).free();
    },
  );

  it.runIf(linux)('of a process that died and was never asked for is gone', async () => {
    const script = 'const c = require("child_process").spawn("true"); console.log(c.pid); for (;;);';
    const parent = spawn(process.execPath, ['-e', script]);
    const pid = await new Promise<number>((done) => parent.stdout.once('data', (text) => done(Number(text))));
    while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')))
      await new Promise((done) => setTimeout(done, 5));
    await locked({ host: hostname(), pid, since });
    const lock = await lockFolder(run);
    parent.kill('SIGKILL');
    lock.free();
  });

  it('of an earlier start of the same job of Slurm is gone, on whichever host it was', async () => {
    const of = (job: string, start: number) => locked({ host: 'elsewhere', pid: 1, since, job, start });
    vi.stubEnv('SLURM_JOB_ID', '9');
    vi.stubEnv('SLURM_ARRAY_JOB_ID', '7');
    vi.stubEnv('SLURM_ARRAY_TASK_ID', '3');
    vi.stubEnv('SLURM_RESTART_COUNT', '1');
    for (const [job, start] of [
      ['7_3', 1],
      ['7_4', 0],
    ] as const) {
      await of(job, start);
      await refusal();
    }
    await of('7_3', 0);
    const lock = await lockFolder(run);
    expect(JSON.parse(await readFile(join(run, lockFile), 'utf8'))).toMatchObject({ job: '7_3', start: 1 });
    lock.free();
    await of('7_4', 0);
    vi.unstubAllEnvs();
    await freeOfJob(run, (job) => job === '7_3');
    await refusal();
    await freeOfJob(run, (job) => job === '7_4');
    (await lockFolder(run)).free();
  });

  it('of another machine or container holds, and names the file to delete', async () => {
    await locked({ host: 'elsewhere', pid: 1, since });
    const { message } = await refusal();
    expect(message).toContain('process 1 on elsewhere');
    expect(message).toContain(`delete ${join(run, lockFile)}`);
    if (!linux) return;
    await locked({ ...ownMark(), pid: await goneProcess(), space: 'pid:[1]', since });
    expect((await refusal()).message).toContain(`delete ${join(run, lockFile)}`);
  });

  it('that says nothing is no reason to write, and is named', async () => {
    for (const text of ['', '\0\0\0', '{"host":1}']) {
      await mkdir(run, { recursive: true });
      await writeFile(join(run, lockFile), text);
      const error = lockFolder(run);
      await expect(error).rejects.toThrow(FileError);
      await expect(error).rejects.toThrow(/running\.json: does not say who writes there\. Delete it/);
    }
  });

  it('can be waited for', async () => {
    const lock = await lockFolder(run);
    const told: string[] = [];
    const next = lockWhenFree(run, ({ message }) => told.push(message));
    setTimeout(() => lock.free(), 100);
    (await next).free();
    expect(told).toEqual([expect.stringContaining(`process ${process.pid}`)]);
  });
});

describe('a locked folder', () => {
  const gone: [string, () => Promise<unknown>, RegExp][] = [
    ['is removed', () => rm(run, { recursive: true }), /run: is gone/],
    ['is renamed', () => rename(run, `${run}-2`), /run: is gone/],
    [
      'is exchanged',
      async () => {
        await rename(run, `${run}-2`);
        await mkdir(run);
      },
      /run: is no longer the folder/,
    ],
    [
      'is exchanged for a run of another',
      async () => {
        await rename(run, `${run}-2`);
        await locked({ host: 'elsewhere', pid: 7, since });
      },
      /run: is now written into by process 7 on elsewhere/,
    ],
  ];
  it.each(gone)('that %s takes no more writes, and is not made again', async (_, change, message) => {
    const lock = await lockFolder(run);
    const files = new DiskFiles(run, lock);
    await files.append('log', 'x\n');
    await files.write('a', new Uint8Array(1));
    await change();
    const before = await readdir(folder, { recursive: true });
    const writes = [
      files.append('log', 'x\n'),
      files.write('a', new Uint8Array(2)),
      files.rename('a', 'b'),
      files.sync('log'),
      whileLocked(lock, () => Promise.reject(new Error('whatever came of it'))),
    ];
    for (const result of await Promise.allSettled(writes)) {
      expect(result.status).toBe('rejected');
      const { reason } = result as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(FileError);
      expect(reason.message).toMatch(message);
    }
    lock.free();
    expect(await readdir(folder, { recursive: true })).toEqual(before);
  });

  it('is not made again even where it goes between the look and the write', async () => {
    const files = new DiskFiles(run, { check: async () => {} });
    await expect(files.append('log', 'x')).rejects.toThrow(FileError);
    await expect(files.write('a', new Uint8Array(1))).rejects.toThrow(FileError);
    expect(await readdir(folder)).toEqual([]);
  });

  it('that comes back as it was is written into again', async () => {
    const lock = await lockFolder(run);
    await cp(run, `${run}-2`, { recursive: true });
    await rm(run, { recursive: true });
    await expect(lock.check()).rejects.toThrow(/is gone/);
    await rename(`${run}-2`, run);
    await lock.check();
    lock.free();
  });
});
