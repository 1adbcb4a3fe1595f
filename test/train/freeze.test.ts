/** @file A frozen encoder: not a byte of it changes, and everything else is trained. */
import { describe, expect, it } from 'vitest';
import { decodeWeights } from '../../src/models/weights.ts';
import type { GivenConfig } from '../../src/run/config.ts';
import { train } from '../../src/run/training.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { metricsFile } from '../../src/train/runlog.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { plainKernels, type TrainingOptions, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);
const data = tinyData();

async function run(given: GivenConfig, options: Partial<TrainingOptions> = {}, files = new MemoryFiles()) {
  const config = tinyConfig({ steps: 4, init: 'before', ...given });
  await train({ device: device(), data, config, files, ...options });
  return files;
}

const stateOf = (files: MemoryFiles) => decodeWeights(files.files.get(weightsFile)!, weightsFile).state;

const isEncoder = (name: string): boolean => /^(conv1|center)\./.test(name);

const weights = async () => ({ file: 'before', state: stateOf(await run({ seed: 4 })) });

const frozen = { freeze: 'encoder' } as const;

describe('a frozen encoder', () => {
  it.each(['f32', ...(hasHalf ? ['mixed'] : [])] as ('f32' | 'mixed')[])(
    'keeps every byte, running statistics and counts too, while the rest is trained (%s)',
    async (precision) => {
      const init = await weights();
      const after = stateOf(await run({ precision, ...frozen }, { init }));
      for (const [name, { values }] of after) {
        const was = init.state.get(name)!.values;
        expect(
          values.some((value, i) => value !== was[i]),
          name,
        ).toBe(!isEncoder(name));
      }
    },
  );

  it('is trained past alike with recomputed blocks, and stopped and resumed', async () => {
    const init = await weights();
    const whole = await run({ ...frozen, checkpointEvery: 2 }, { init });
    const again = await run({ ...frozen, checkpointEvery: 2, recompute: true }, { init });
    expect(again.files.get(weightsFile)).toEqual(whole.files.get(weightsFile));
    const [stop, files] = [new AbortController(), new MemoryFiles()];
    const onProgress = (event: TrainEvent) => event.kind === 'checkpoint' && stop.abort();
    const cut = { init, onProgress, signal: stop.signal };
    await run({ ...frozen, checkpointEvery: 2 }, cut, files);
    expect(files.files.has(weightsFile)).toBe(false);
    await run({ ...frozen, checkpointEvery: 2 }, { init, resume: true }, files);
    expect(files.files.get(weightsFile)).toEqual(whole.files.get(weightsFile));
  });

  it.each(['f32', ...(hasHalf ? ['mixed'] : [])] as ('f32' | 'mixed')[])(
    'thaws after freezeSteps, and is then trained like the rest, stopped and resumed anywhere too (%s)',
    async (precision) => {
      const init = await weights();
      const given: GivenConfig = {
        ...frozen,
        precision,
        steps: 6,
        freezeSteps: 3,
        checkpointEvery: 1,
        validateEvery: 6,
      };
      const always = await run({ ...given, freezeSteps: null, steps: 3, schedule: 'constant' }, { init });
      const whole = await run({ ...given, schedule: 'constant' }, { init });
      const steps = (files: MemoryFiles) =>
        new TextDecoder().decode(files.files.get(metricsFile)).split('\n');
      const lossesOf = (files: MemoryFiles) =>
        steps(files).flatMap((line) => (line ? [(JSON.parse(line) as { loss: number }).loss] : []));
      expect(lossesOf(whole).slice(0, 3)).toEqual(lossesOf(always));
      for (const [name, { values }] of stateOf(whole)) {
        const was = init.state.get(name)!.values;
        const counts = name.endsWith('num_batches_tracked');
        if (counts && isEncoder(name)) expect([...values], name).toEqual([...was].map((n) => Number(n) + 3));
        expect(
          values.some((value, i) => value !== was[i]),
          name,
        ).toBe(true);
      }
      for (const at of [1, 3, 4]) {
        const [stop, files] = [new AbortController(), new MemoryFiles()];
        const onProgress = (event: TrainEvent) =>
          event.kind === 'checkpoint' && event.step === at && stop.abort();
        const own: GivenConfig = { ...given, schedule: 'constant' };
        await run(own, { init, onProgress, signal: stop.signal }, files);
        await run(own, { init, resume: true }, files);
        expect(files.files.get(weightsFile), `stopped at ${at}`).toEqual(whole.files.get(weightsFile));
      }
    },
  );

  it('needs weights that fill it, and no run thaws on the way', async () => {
    await expect(run(frozen)).rejects.toThrow(/^freeze is encoder, but there are no weights to start from/);
    const { file, state } = await weights();
    const partial = new Map([...state].filter(([name]) => name !== 'center.conv2.0.weight'));
    await expect(run(frozen, { init: { file, state: partial } })).rejects.toThrow(
      /^freeze is encoder, but before does not fill it: 1 of its weights .* first center\.conv2\.0\.weight/,
    );
    const files = await run(frozen, { init: { file, state } });
    await expect(run({}, { init: { file, state }, resume: true }, files)).rejects.toThrow(
      /freeze was "encoder", is "none"/,
    );
  });
});
