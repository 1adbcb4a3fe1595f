import { describe, expect, it } from 'vitest';
import { FileError, TrainingError } from '../../src/base/errors.ts';
import { createSampler } from '../../src/data/sampler.ts';
import type { PreparedData } from '../../src/data/types.ts';
import type { HeadedNetwork } from '../../src/models/headed.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/models/safetensors.ts';
import type { StepMetrics } from '../../src/results/losses.ts';
import { type TrainConfig, upgradeTrained } from '../../src/run/config.ts';
import { planRun } from '../../src/run/plan.ts';
import { describeWeights, loadTrained } from '../../src/run/trained.ts';
import { train } from '../../src/run/training.ts';
import { tasks } from '../../src/tasks/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import {
  checkpointFile,
  loadCheckpoint,
  previousCheckpointFile,
  saveCheckpoint,
} from '../../src/train/checkpoint.ts';
import { splitOf } from '../../src/train/dataset.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { buildNetwork } from '../../src/train/network.ts';
import { MemoryFiles, readText } from '../../src/train/runfiles.ts';
import { metricsFile, parseRecords, validationFile, withoutTimings } from '../../src/train/runlog.ts';
import { saveWeights, weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { plainKernels, type TrainingOptions, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);
const data = tinyData();
const size = data.manifest.size ** 2;

const defaultsOf = (name: string) => tasks.find((task) => task.name === name)!.defaults as object;

/** Long enough for a burst of several steps to be in flight when it happens; a checkpoint and validation every 3. */
const config = tinyConfig({ steps: 20, epoch: 'all' });

const precisions: readonly TrainConfig['precision'][] = hasHalf ? ['f32', 'mixed'] : ['f32'];

function run(files: MemoryFiles, options: Partial<TrainingOptions> = {}) {
  return train({ device: device(), data, config, files, ...options });
}

/** The steps (from 1) that train on an image, by image. */
function stepsOf({ batch, seed, epoch, steps }: TrainConfig): Map<number, number[]> {
  const subjects = splitOf(data, config, { tasks: [] }).train;
  const sampler = createSampler(data, { batch, seed, epoch, subjects });
  const found = new Map<number, number[]>();
  for (let step = 1; step <= steps; step++)
    for (const index of sampler.batch(step - 1).indices)
      found.set(index, [...(found.get(index) ?? []), step]);
  return found;
}

/** An image that is first trained on in one of these steps, and that step. */
function imageFirstIn(least: number, most: number): { image: number; step: number } {
  for (const [image, [step]] of stepsOf(config))
    if (step! >= least && step! <= most) return { image, step: step! };
  throw new Error(`no image comes first in steps ${least} … ${most}`);
}

function withPixels(image: number, change: (pixels: Float32Array) => void): PreparedData {
  const pixels = data.pixels.slice();
  change(pixels.subarray(image * size, (image + 1) * size));
  return { manifest: data.manifest, pixels };
}

function withImage(image: number, change: Partial<PreparedData['manifest']['images'][number]>): PreparedData {
  const { manifest, pixels } = data;
  const images = manifest.images.map((one, i) => (i === image ? { ...one, ...change } : one));
  return { manifest: { ...manifest, images }, pixels };
}

async function failure(files: MemoryFiles, options: Partial<TrainingOptions>): Promise<string> {
  const error = await run(files, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TrainingError);
  return (error as TrainingError).message;
}

/** Changes the network right after the run has told of its checkpoint or validation of a step. */
function tampered(
  kind: 'checkpoint' | 'validation',
  step: number,
  change: (network: HeadedNetwork) => void,
): Required<Pick<TrainingOptions, 'onRest' | 'onProgress'>> {
  let network: HeadedNetwork | undefined;
  return {
    onRest: async (found) => {
      network = found;
    },
    onProgress: (event) => {
      const at =
        event.kind === 'validation' ? event.metrics.step : event.kind === 'checkpoint' ? event.step : 0;
      if (event.kind === kind && at === step) change(network!);
    },
  };
}

const spoil = (one: Tensor | undefined, value: number): void => one!.write(new Array(one!.size).fill(value));

const metricsIn = async (files: MemoryFiles): Promise<StepMetrics[]> =>
  parseRecords<StepMetrics>((await readText(files, metricsFile))!, metricsFile);

function expectFiniteFile(files: MemoryFiles, name: string): void {
  for (const [key, { dtype, bytes }] of decodeSafetensors(files.files.get(name)!, name).tensors)
    if (dtype === 'F32')
      expect(new Float32Array(bytes.slice().buffer).every(Number.isFinite), key).toBe(true);
}

describe('a run whose numbers are no longer any', () => {
  const { image, step } = imageFirstIn(5, 8);
  const saved = 3 * Math.floor((step - 1) / 3);
  const named = new RegExp(`${data.manifest.images[image]!.file} \\(slice`);
  const spoilt = {
    'a pixel that is NaN': withPixels(image, (pixels) => pixels.fill(Number.NaN, 100, 101)),
    'a pixel that is infinite': withPixels(image, (pixels) =>
      pixels.fill(Number.POSITIVE_INFINITY, 100, 101),
    ),
    'a location that is infinite': withImage(image, { location: Number.POSITIVE_INFINITY }),
    'a line that is NaN': withImage(image, { lines: [[Number.NaN, 0, 1], null] }),
  };
  for (const [what, broken] of Object.entries(spoilt)) {
    it(`f32: ${what} ends it at that step, naming step, weight and image; what was saved before is finite and goes on`, async () => {
      const files = new MemoryFiles();
      const message = await failure(files, { data: broken });
      expect(message).toMatch(new RegExp(`^Step ${step}: the gradient of \\S+ is no longer finite \\(loss `));
      expect(message).toMatch(new RegExp(`last good checkpoint is ${checkpointFile} \\(step ${saved}\\)`));
      expect(message).toMatch(/not finite: /);
      expect(message).toMatch(named);
      expect((await metricsIn(files)).map((record) => record.step)).toEqual(
        Array.from({ length: step }, (_, i) => i + 1),
      );
      for (const name of [checkpointFile, weightsFile]) expectFiniteFile(files, name);
      expect([...files.files.keys()].some((name) => name.endsWith('.new'))).toBe(false);
      expect((await loadCheckpoint(files, upgradeTrained))!.state.step).toBe(saved);
    });
  }

  it('f32: goes on to the bytes of an undisturbed run once the image is mended', async () => {
    const [whole, mended] = [new MemoryFiles(), new MemoryFiles()];
    await run(whole);
    await failure(mended, { data: spoilt['a pixel that is NaN'] });
    await run(mended, { resume: true });
    for (const name of [checkpointFile, weightsFile])
      expect(mended.files.get(name), name).toEqual(whole.files.get(name));
  });

  const several = ['orientation', 'rotation'].map(
    (name) => [name, { weight: 1, ...defaultsOf(name) }] as const,
  );
  for (const own of hasHalf ? [config, { ...config, tasks: Object.fromEntries(several) }] : []) {
    const names = Object.keys(own.tasks).join(' and ');
    it(`mixed: a pixel that is NaN costs the steps that would train on it, and no more (${names})`, async () => {
      const files = new MemoryFiles();
      await run(files, { data: spoilt['a pixel that is NaN'], config: { ...own, precision: 'mixed' } });
      const [last] = (await metricsIn(files)).slice(-1);
      expect(last!.skippedSteps).toBe(stepsOf(config).get(image)!.length);
      for (const name of [checkpointFile, weightsFile]) expectFiniteFile(files, name);
    });
  }

  for (const precision of precisions) {
    it(`${precision}: it resumes from the checkpoint to the bytes of a run that was never disturbed`, async () => {
      const [whole, broken] = [new MemoryFiles(), new MemoryFiles()];
      const own = { ...config, precision };
      await run(whole, { config: own });
      // in mixed precision steps with such weights are skipped, so that it is the checkpoint that is refused
      const tampering = tampered('checkpoint', 6, ({ parameters }) =>
        spoil([...parameters.values()][0], Number.NaN),
      );
      const message = await failure(broken, { config: own, ...tampering });
      const stopped =
        /^Step 7: the gradient of .*Nothing of it was saved; the last good checkpoint is .*step 6/;
      expect(message).toMatch(
        precision === 'f32' ? stopped : /conv1\.conv1\.0\.weight holds NaN.*was not written/,
      );
      expect((await loadCheckpoint(broken, upgradeTrained))!.state.step).toBe(6);
      for (const name of [checkpointFile, weightsFile]) expectFiniteFile(broken, name);
      await run(broken, { config: own, resume: true });
      for (const name of [checkpointFile, previousCheckpointFile, weightsFile])
        expect(broken.files.get(name), name).toEqual(whole.files.get(name));
      for (const name of [metricsFile, validationFile]) {
        const [a, b] = await Promise.all([whole, broken].map((files) => readText(files, name)));
        expect(withoutTimings(b!), name).toBe(withoutTimings(a!));
      }
    });
  }

  it('says what to do where the data is finite: settings, and the images of the step', async () => {
    const files = new MemoryFiles();
    const message = await failure(files, { config: tinyConfig({ learningRate: 3e38 }) });
    expect(message).toMatch(/^Step [123]: .* no longer finite \(loss .*, learning rate [\d.]+e\+38\)/);
    expect(message).toMatch(
      /there is no checkpoint\. Lower the learning rate, set clipNorm, or look at the images/,
    );
    expect(message).toMatch(/subject\d\/\d\.dcm \(slice \d, frame 0\), /);
    expect(files.files.has(checkpointFile)).toBe(false);
    expect(files.files.has(weightsFile)).toBe(false);
  });

  it('ends at a running statistic that overflows, though losses and gradients are finite', async () => {
    const tampering = tampered('checkpoint', 6, ({ statistics }) =>
      spoil(statistics.get('conv1.conv1.1.running_var'), Number.POSITIVE_INFINITY),
    );
    const files = new MemoryFiles();
    const message = await failure(files, tampering);
    expect(message).toMatch(
      /^Step 7: running statistic conv1\.conv1\.1\.running_var is no longer finite \(loss \d/,
    );
    expectFiniteFile(files, checkpointFile);
  });

  it('keeps the weights of the best validation where a later one is not finite', async () => {
    const files = new MemoryFiles();
    const events: TrainEvent[] = [];
    let best: Uint8Array | undefined;
    // a network that is finite, but overflows in the next validation's forward pass
    const { onRest, onProgress } = tampered('validation', 3, ({ statistics }) => {
      best = files.files.get(weightsFile);
      const means = [...statistics].filter(([name]) => name.endsWith('running_mean'));
      spoil(means.at(-1)![1], -3e38);
    });
    const tell = (event: TrainEvent): void => {
      events.push(event);
      onProgress(event);
    };
    await run(files, { config: tinyConfig({ steps: 6 }), onRest, onProgress: tell });
    const validations = events.flatMap((event) => (event.kind === 'validation' ? [event.metrics] : []));
    expect(validations.map(({ step: at, best: was }) => [at, was])).toEqual([
      [3, true],
      [6, false],
    ]);
    expect(Number.isFinite(validations[1]!.loss)).toBe(false);
    expect(files.files.get(weightsFile)).toEqual(best);
  });
});

describe('files of a run', () => {
  const state = { step: 1, validated: 0, best: null, config, data: 'x' };
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

  it('get no checkpoint with a value that is not finite; those before stay', async () => {
    const files = new MemoryFiles();
    const good = tensor(device(), [1, 2], [2]);
    await saveCheckpoint(files, state, new Map([['model.w', good]]));
    const before = new Map(files.files);
    for (const value of odd) {
      const moment = tensor(device(), [1, value], [2]);
      const save = saveCheckpoint(
        files,
        { ...state, step: 2 },
        new Map([
          ['model.w', good],
          ['optimizer.m', moment],
        ]),
      );
      await expect(save).rejects.toThrow(TrainingError);
      await expect(save).rejects.toThrow(new RegExp(`optimizer\\.m holds ${value} at element 1`));
      expect(files.files).toEqual(before);
    }
  });

  it('get no weights with a value that is not finite; those before stay', async () => {
    const files = new MemoryFiles();
    using network = buildNetwork(device(), planRun(config, data.manifest));
    const about = describeWeights(config, data.manifest, 1);
    await saveWeights(files, network, about);
    const before = new Map(files.files);
    for (const [name, weight] of [...network.stateDict()].filter((_, i) => i % 7 === 0)) {
      const values = await weight.read();
      for (const value of odd) {
        weight.write(values.map((v, i) => (i === values.length - 1 ? value : v)));
        const save = saveWeights(files, network, about);
        await expect(save, name).rejects.toThrow(TrainingError);
        await expect(save, name).rejects.toThrow(`${name} holds ${value}`);
        expect(files.files).toEqual(before);
      }
      weight.write(values);
    }
    const { network: loaded } = await loadTrained(device(), files.files.get(weightsFile)!, weightsFile);
    loaded.dispose();
  });

  it('that hold such a checkpoint give the previous one, with a warning, or an error where there is none', async () => {
    const files = new MemoryFiles();
    const good = tensor(device(), [1, 2], [2]);
    await saveCheckpoint(files, state, new Map([['model.w', good]]));
    await saveCheckpoint(files, { ...state, step: 2 }, new Map([['model.w', good]]));
    const { tensors, metadata } = decodeSafetensors(files.files.get(checkpointFile)!, checkpointFile);
    const bytes = new Uint8Array(new Float32Array([1, Number.NaN]).buffer);
    const spoilt = new Map([...tensors].map(([name, one]) => [name, { ...one, bytes }]));
    // as an earlier version wrote it, whose checksums would tell of the change first
    const { 'planewise.checksums': _, ...own } = metadata;
    files.files.set(checkpointFile, encodeSafetensors({ tensors: spoilt, metadata: own }));
    const warnings: string[] = [];
    const found = await loadCheckpoint(files, upgradeTrained, (message) => warnings.push(message));
    expect(found!.state.step).toBe(1);
    expect(warnings).toEqual([expect.stringMatching(/model\.w is not finite.*step 1/)]);
    files.files.delete(previousCheckpointFile);
    await expect(loadCheckpoint(files, upgradeTrained)).rejects.toThrow(FileError);
  });
});
