import { describe, expect, it } from 'vitest';
import type { Winner } from '../../src/autograd/tune.ts';
import { choicesOf } from '../../src/kernels/launch/variant.ts';
import { upgradeTrained } from '../../src/run/config.ts';
import { train } from '../../src/run/training.ts';
import { checkpointFile, loadCheckpoint } from '../../src/train/checkpoint.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { MemoryFiles, readText } from '../../src/train/runfiles.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { saveWinners, winnersFile } from '../../src/train/winners.ts';
import { useDevice } from '../device.ts';
import { plainKernels, type TrainingOptions, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);
const data = tinyData();
const config = tinyConfig({ tune: 1e-9 });

async function run(files: MemoryFiles, options: Partial<TrainingOptions> = {}): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  const onProgress = (event: TrainEvent): void => {
    events.push(event);
  };
  await train({ device: device(), data, config, files, onProgress, ...options });
  return events;
}

async function winnersOf(files: MemoryFiles, options: Partial<TrainingOptions> = {}): Promise<Winner[]> {
  const event = (await run(files, options)).find(({ kind }) => kind === 'tuned');
  return [...(event as Extract<TrainEvent, { kind: 'tuned' }>).winners];
}

/** Stops after the first checkpoint. */
async function runPart(files: MemoryFiles, options: Partial<TrainingOptions>): Promise<void> {
  const stop = new AbortController();
  const onProgress = ({ kind }: TrainEvent): void => {
    if (kind === 'checkpoint') stop.abort();
  };
  await train({ device: device(), data, config, files, ...options, onProgress, signal: stop.signal });
}

/** A cache that names another than the ordered variant for every problem of batch norm. */
async function otherNorms(winners: readonly Winner[]): Promise<MemoryFiles> {
  const norms = winners.filter(({ key }) => key.startsWith('batchNorm '));
  expect(norms.length).toBeGreaterThan(0);
  const others = norms.map((norm) => {
    const chosen = norm.ordered === 'lanes' ? 'strips' : 'lanes';
    return { ...norm, chosen, complete: true, tried: norm.fitting, shaders: ['batchNorm'] };
  });
  const cache = new MemoryFiles();
  await saveWinners(cache, device(), others, (message) => expect.fail(message));
  return cache;
}

describe('a tuned run', () => {
  it('takes the order of preference where time is out at once, and says so', async () => {
    const [plain, tuned] = [new MemoryFiles(), new MemoryFiles()];
    await run(plain, { config: tinyConfig() });
    const winners = await winnersOf(tuned);
    for (const { chosen, ordered, complete } of winners) expect([chosen, complete]).toEqual([ordered, false]);
    expect(tuned.files.get(weightsFile)).toEqual(plain.files.get(weightsFile));
    expect(choicesOf(device())).toEqual({});
  });

  it('goes on with the variants of its checkpoint, whatever the cache says by then', async () => {
    const plain = new MemoryFiles();
    const cache = await otherNorms(await winnersOf(plain));
    const whole = new MemoryFiles();
    await run(whole, { cache });
    expect(whole.files.get(weightsFile)).not.toEqual(plain.files.get(weightsFile));
    const broken = new MemoryFiles();
    await runPart(broken, { cache });
    const { variants } = (await loadCheckpoint(broken, upgradeTrained))!.state;
    expect(new Set(Object.values(variants!))).toContain('lanes');
    const events = await run(broken, { resume: true, cache: new MemoryFiles() });
    expect(events.map(({ kind }) => kind)).not.toContain('tuned');
    for (const name of [weightsFile, checkpointFile])
      expect(broken.files.get(name), name).toEqual(whole.files.get(name));
  });

  it('does not look at the cache unless it is to tune', async () => {
    const [plain, untuned] = [new MemoryFiles(), new MemoryFiles()];
    const cache = await otherNorms(await winnersOf(plain));
    const before = await readText(cache, winnersFile);
    await run(untuned, { config: tinyConfig(), cache });
    expect(untuned.files.get(weightsFile)).toEqual(plain.files.get(weightsFile));
    expect(await readText(cache, winnersFile)).toBe(before);
  });
});
