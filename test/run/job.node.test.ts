import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, FileError } from '../../src/base/errors.ts';
import { interruptible } from '../../src/commands/interrupt.ts';
import type { GivenConfig } from '../../src/run/config.ts';
import { type JobConsole, type JobResult, runJob } from '../../src/run/job.node.ts';
import { pretraining } from '../../src/run/job.ts';
import type { Device } from '../../src/tensor/device.ts';
import { withoutTimings } from '../../src/train/runlog.ts';
import { useDevice } from '../device.ts';
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

interface Run {
  readonly given: GivenConfig;
  readonly resume?: boolean;
  /** Sends SIGINT when training has made its first steps. */
  readonly interrupt?: boolean;
  readonly device?: Device;
  /** Gets the warnings; without it there must be none. */
  readonly warnings?: string[];
}

function run({
  given,
  resume = false,
  interrupt = false,
  device: on = device(),
  warnings,
}: Run): Promise<JobResult> {
  let due = interrupt;
  const console: JobConsole = {
    say: () => {},
    warn: (line) => (warnings ? warnings.push(line) : expect(line).toBe('')),
    startStage: (label) => ({
      update: () => {
        if (!due || !label.startsWith('training')) return;
        due = false;
        process.emit('SIGINT');
      },
      end: () => {},
    }),
  };
  return interruptible(
    () => true,
    (signal) => runJob({ kind: pretraining, given, resume, console, signal, worker: null, device: on }),
  );
}

const read = (run: string, name: string): Promise<string> => readFile(join(folder, run, name), 'latin1');

describe('a pretraining job', () => {
  it('goes from phantom to report; interrupted and resumed, it leaves the same files', async () => {
    const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')];
    const result = await run({ given: { ...small, out: whole } });
    expect(result.results).toMatchObject({ part: 'test', subjects: 1 });
    const stopped = await run({ given: { ...small, out: broken }, interrupt: true });
    expect(stopped.training.stopped).toBe(true);
    expect(stopped.report).toBeNull();
    await run({ given: { out: broken }, resume: true });
    const names = await readdir(whole);
    for (const name of ['config.json', 'weights.safetensors', 'evaluation.json', 'report.html', 'slices.png'])
      expect(names).toContain(name);
    expect(await readdir(broken)).toEqual(names);
    const told = JSON.parse(await read('whole', 'evaluation.json'));
    expect(Object.keys(told)).toEqual(['part', 'images', 'subjects', 'orientation', 'location']);
    expect(Object.keys(told.orientation)).toEqual(['2-chamber', '4-chamber', 'planes']);
    expect(told.location).toEqual(result.results!.summaries.location);
    for (const name of [
      'weights.safetensors',
      'checkpoint.safetensors',
      'validation.jsonl',
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

  it('names the folder that is missing, and leaves nothing behind', async () => {
    const out = join(folder, 'nothing');
    await expect(run({ given: { data: join(folder, 'absent'), out } })).rejects.toThrow(FileError);
    await expect(run({ given: { out }, resume: true })).rejects.toThrow(/no run to resume/);
    expect(await readdir(folder)).not.toContain('nothing');
  });
});
