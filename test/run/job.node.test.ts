import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BusyError, ConfigError, FileError } from '../../src/base/errors.ts';
import { interruptible } from '../../src/commands/interrupt.ts';
import { claimPhantomFolder, writePhantomSubjects } from '../../src/data/phantom.node.ts';
import { type GivenConfig, resolveConfig } from '../../src/run/config.ts';
import { prepareFolder } from '../../src/run/dataset.node.ts';
import { type JobConsole, type JobResult, runJob } from '../../src/run/job.node.ts';
import { pretraining } from '../../src/run/job.ts';
import { lockFree, lockRun, RunFolder } from '../../src/run/runfolder.node.ts';
import { eventFilesIn } from '../../src/run/tensorboard.node.ts';
import type { Device } from '../../src/tensor/device.ts';
import { withoutTimings } from '../../src/train/runlog.ts';
import { useDevice } from '../device.ts';
import { eventsIn, shownScalars } from '../exchange/tfevents.ts';
import { plainKernels } from '../train/tiny.ts';

const device = useDevice(plainKernels);
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-'));
});
afterAll(() => rm(folder, { recursive: true }));

const small: GivenConfig = {
  phantom: { subjects: 5, phases: 1, size: 32 },
  model: { width: 4, depth: 2 },
  steps: 6,
  batch: 4,
  validateEvery: 3,
  checkpointEvery: 3,
  validationFraction: 0.2,
  testFraction: 0.2,
};

const quiet = { startStage: () => ({ update: () => {}, end: () => {} }), onWarning: () => {}, worker: null };

interface Run {
  readonly given: GivenConfig;
  readonly resume?: boolean;
  readonly tensorboard?: boolean;
  /** Sends SIGINT when training has made its first steps. */
  readonly interrupt?: boolean;
  /** Called then. */
  readonly atStep?: () => void;
  readonly device?: Device;
  /** Gets the warnings; without it there must be none. */
  readonly warnings?: string[];
}

function run({
  given,
  resume = false,
  tensorboard = false,
  interrupt = false,
  atStep,
  device: on = device(),
  warnings,
}: Run): Promise<JobResult> {
  let due = interrupt || atStep !== undefined;
  const console: JobConsole = {
    say: () => {},
    warn: (line) => (warnings ? warnings.push(line) : expect(line).toBe('')),
    startStage: (label) => ({
      update: () => {
        if (!due || !label.startsWith('training')) return;
        due = false;
        if (atStep) atStep();
        else process.emit('SIGINT');
      },
      end: () => {},
    }),
  };
  return interruptible(
    () => true,
    (signal) =>
      runJob({ kind: pretraining, given, resume, tensorboard, console, signal, worker: null, device: on }),
    () => '',
  );
}

const read = (run: string, name: string): Promise<string> => readFile(join(folder, run, name), 'latin1');

describe('a pretraining job', () => {
  it('goes from phantom to report; interrupted and resumed, it leaves the same files', async () => {
    const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')];
    const result = await run({ given: { ...small, out: whole } });
    expect(result.results).toMatchObject({ part: 'test', subjects: 1 });
    const stopped = await run({ given: { ...small, out: broken }, tensorboard: true, interrupt: true });
    expect(stopped.training.stopped).toBe(true);
    expect(stopped.report).toBeNull();
    await run({ given: { out: broken }, resume: true });
    const names = await readdir(whole);
    for (const name of ['config.json', 'weights.safetensors', 'evaluation.json', 'report.html', 'slices.png'])
      expect(names).toContain(name);
    const events = await eventFilesIn(broken);
    expect((await readdir(broken)).filter((name) => !events.includes(name))).toEqual(names);
    const files = await Promise.all(events.map((name) => readFile(join(broken, name))));
    const shown = shownScalars(files);
    expect(shown['loss/training']!.map(([step]) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(shown['locationLoss/validation']!.map(([step]) => step)).toEqual([3, 6]);
    expect(eventsIn(files.at(-1)!).at(-1)).toMatchObject({ step: 6, pictures: { slices: { height: 128 } } });
    const told = JSON.parse(await read('whole', 'evaluation.json'));
    expect(Object.keys(told)).toEqual([
      'part',
      'images',
      'subjects',
      'orientation',
      'location',
      'data',
      'pixels',
    ]);
    expect(Object.keys(told.orientation)).toEqual(['2-chamber', '4-chamber', 'planes']);
    expect(told.location).toEqual(result.results!.summaries.location);
    for (const name of [
      'weights.safetensors',
      'checkpoint.safetensors',
      'validation.jsonl',
      'results.json',
      'evaluation.json',
    ])
      expect(await read('broken', name), name).toBe(await read('whole', name));
    const [a, b] = await Promise.all(['whole', 'broken'].map((name) => read(name, 'metrics.jsonl')));
    expect(withoutTimings(b!)).toBe(withoutTimings(a!));
    await expect(run({ given: { ...small, out: whole } })).rejects.toThrow(/already holds a run/);
  });

  it('stays as it was where it is resumed with settings that its checkpoint refuses', async () => {
    const out = join(folder, 'whole');
    const before = await read('whole', 'config.json');
    for (const change of [{ steps: 60 }, { model: { width: 8 } }]) {
      const resumed = run({ given: { ...change, out }, resume: true });
      await expect(resumed).rejects.toThrow(/another configuration/);
      expect(await read('whole', 'config.json')).toBe(before);
    }
  });

  it('trains on the store another run prepared, and takes its image size from it', async () => {
    const data = join(folder, 'whole', 'prepared');
    const { phantom: _, ...rest } = small;
    const given = { ...rest, data, steps: 1, out: join(folder, 'store') };
    const { config } = await run({ given });
    expect(config).toMatchObject({ size: 32, spacingMm: 8 });
    const other = run({ given: { ...given, size: 64, out: join(folder, 'other') } });
    await expect(other).rejects.toThrow(ConfigError);
  });

  it('is no longer at its end where it is prolonged and stopped: what was measured is of other weights', async () => {
    const data = join(folder, 'whole', 'prepared');
    const { phantom: _, ...rest } = small;
    const out = join(folder, 'prolonged');
    const given: GivenConfig = { ...rest, data, schedule: 'constant', steps: 3, out };
    await run({ given });
    const measured = ['evaluation.json', 'results.json'];
    expect(await readdir(out)).toEqual(expect.arrayContaining(measured));
    const { training } = await run({ given: { out, steps: 4000 }, resume: true, interrupt: true });
    expect(training).toMatchObject({ stopped: true });
    expect(training.step).toBeGreaterThan(3);
    for (const name of measured) expect(await readdir(out)).not.toContain(name);
  });

  it('warns where no subject is held out, and evaluates those trained on', async () => {
    const data = join(folder, 'whole', 'prepared');
    const { phantom: _, ...rest } = small;
    const none = { validationFraction: 0, testFraction: 0 };
    const warnings: string[] = [];
    const { results } = await run({
      given: { ...rest, ...none, data, steps: 1, out: join(folder, 'all') },
      warnings,
    });
    expect(results).toMatchObject({ part: 'training', subjects: 5 });
    expect(warnings).toEqual([expect.stringMatching(/^No held-out subject: .*errors.*training images/)]);
    expect(await read('all', 'report.html')).toContain('No held-out subject');
  });

  it('says what the adapter lacks before it reads or makes any data', async () => {
    const out = join(folder, 'mixed');
    const without = { lost: false, caps: { ...device().caps, f16: false } } as Device;
    const job = run({ given: { ...small, precision: 'mixed', out }, device: without });
    await expect(job).rejects.toThrow(/needs shader-f16/);
    expect(await readdir(folder)).not.toContain('mixed');
  });

  it('leaves a folder to the process that is at it, new or resumed', async () => {
    const out = join(folder, 'whole');
    const names = await readdir(out);
    const holder = { host: hostname(), pid: process.ppid, since: '2026-01-02T03:04:05.000Z' };
    await writeFile(join(out, 'running.json'), JSON.stringify(holder));
    for (const resume of [true, false]) {
      const refused = run({ given: { ...(resume ? {} : small), out }, resume });
      await expect(refused).rejects.toThrow(BusyError);
      await expect(refused).rejects.toThrow(
        new RegExp(`process ${process.ppid} on ${hostname()}.*2026-01-02`),
      );
    }
    await rm(join(out, 'running.json'));
    expect(await readdir(out)).toEqual(names);
    expect(names).not.toContain('running.json');
  });

  it('two at once without a folder of their own go to two', async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      const locks = await Promise.all(
        [1, 2].map(() => lockRun({ kind: pretraining, given: {}, resume: false })),
      );
      expect(locks.map((lock) => lock.folder).sort()).toEqual(['runs/pretrain-1', 'runs/pretrain-2']);
      for (const lock of locks) lock.free();
    } finally {
      process.chdir(before);
    }
  });

  it('a folder that was free, and was had by another till it was locked, is left to that one', async () => {
    const before = process.cwd();
    await mkdir(join(folder, 'quick'));
    process.chdir(join(folder, 'quick'));
    try {
      // as one that begins and ends in between
      const lock = await lockFree({ name: 'compare' }, async (out) => {
        if (out !== 'runs/compare-1') return;
        await mkdir(out, { recursive: true });
        await writeFile(join(out, 'compare.html'), 'of another');
      });
      expect(lock.folder).toBe('runs/compare-2');
      lock.free();
      expect(await readdir('runs', { recursive: true })).toEqual(['compare-1', 'compare-1/compare.html']);
    } finally {
      process.chdir(before);
    }
  });

  it('ends where its folder goes while it trains, naming it, and never makes it anew', async () => {
    const out = join(folder, 'vanishing');
    const given = { ...small, steps: 4000, out };
    const ended = run({ given, atStep: () => rmSync(out, { recursive: true }) });
    await expect(ended).rejects.toThrow(FileError);
    await expect(ended).rejects.toThrow(/vanishing: is gone: it was removed or renamed/);
    expect(await readdir(folder)).not.toContain('vanishing');
  });

  it('refuses to go to a folder among the images', async () => {
    const data = join(folder, 'whole', 'cohort');
    for (const given of [
      { data, out: data },
      { data, out: join(data, 'run') },
      { data: join(folder, 'whole', 'prepared'), unlabelled: data, out: join(data, 'run') },
    ]) {
      const refused = run({ given });
      await expect(refused).rejects.toThrow(ConfigError);
      await expect(refused).rejects.toThrow(/is or lies in .*cohort/);
    }
    expect(await readdir(data)).not.toContain('run');
  });

  it('that is killed before its first step goes on', async () => {
    const out = join(folder, 'early');
    const begun = lockRun({ kind: pretraining, given: { out }, resume: false });
    // what a killed process leaves: the configuration, half a cohort, half a store
    const lock = await begun;
    const config = resolveConfig({ ...small, out });
    await new RunFolder(out, lock).announce(config);
    await claimPhantomFolder(join(out, 'cohort'), config.phantom);
    await writePhantomSubjects(join(out, 'cohort'), config.phantom, [0], () => {});
    await mkdir(join(out, 'prepared'));
    const temporary = join('prepared', `pixels.f32.bin.${crypto.randomUUID()}.tmp`);
    await writeFile(join(out, temporary), '');
    lock.free();
    expect(await readdir(out)).not.toContain('config.json');
    await expect(prepareFolder(join(out, 'cohort'), config, quiet)).rejects.toThrow(
      /cohort: holds a part of a phantom cohort of 5 subjects/,
    );
    await run({ given: { out }, resume: true });
    for (const name of ['weights.safetensors', 'checkpoint.safetensors', 'evaluation.json'])
      expect(await read('early', name), name).toBe(await read('whole', name));
    expect(await readdir(out)).toEqual(await readdir(join(folder, 'whole')));
    expect(await readdir(out, { recursive: true })).not.toContain(temporary);
  });

  it('that fails before its first step leaves no configuration', async () => {
    const out = join(folder, 'unfit');
    await mkdir(out);
    await expect(run({ given: { data: join(folder, 'absent'), out } })).rejects.toThrow(FileError);
    expect(await readdir(out)).toEqual([]);
  });

  it('is stopped gently by a terminal that closes, though shell and system both say so', async () => {
    const out = join(folder, 'closed');
    const { training } = await run({
      given: { ...small, out },
      atStep: () => {
        process.emit('SIGHUP');
        process.emit('SIGHUP');
      },
    });
    expect(training.stopped).toBe(true);
    await run({ given: { out }, resume: true });
    expect(await read('closed', 'weights.safetensors')).toBe(await read('whole', 'weights.safetensors'));
  });

  it('names the folder that is missing, and leaves nothing behind', async () => {
    const out = join(folder, 'nothing');
    await expect(run({ given: { data: join(folder, 'absent'), out } })).rejects.toThrow(FileError);
    await expect(run({ given: { out }, resume: true })).rejects.toThrow(/no run to resume/);
    expect(await readdir(folder)).not.toContain('nothing');
  });
});
