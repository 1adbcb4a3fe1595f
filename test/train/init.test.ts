/** @file Trainings that start from weights: what is taken over, what is left and why, and what a resume holds to. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import type { HeadedNetwork } from '../../src/models/headed.ts';
import type { StateDict, Weight } from '../../src/models/state.ts';
import { decodeWeights, readWeights } from '../../src/models/weights.ts';
import type { GivenConfig } from '../../src/run/config.ts';
import { planRun } from '../../src/run/plan.ts';
import { train } from '../../src/run/training.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import {
  fitsEncoder,
  type InitialWeights,
  type InitReport,
  initFile,
  initLines,
  startFrom,
  weightsChecksum,
} from '../../src/train/init.ts';
import { buildNetwork } from '../../src/train/network.ts';
import { MemoryFiles, readText } from '../../src/train/runfiles.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { plainKernels, type TrainingOptions, tinyConfig, tinyData } from './tiny.ts';

const device = useDevice(plainKernels);
const data = tinyData();

interface Run {
  readonly files: MemoryFiles;
  readonly events: readonly TrainEvent[];
}

async function run(
  given: GivenConfig,
  options: Partial<TrainingOptions> = {},
  files = new MemoryFiles(),
): Promise<Run> {
  const events: TrainEvent[] = [];
  const config = tinyConfig({ steps: 2, init: 'before', ...given });
  const onProgress = (event: TrainEvent) => void events.push(event);
  await train({ device: device(), data, config, files, onProgress, ...options });
  return { files, events };
}

const stateOf = ({ files }: Run, name = weightsFile): StateDict =>
  decodeWeights(files.files.get(name)!, name).state;

const reportOf = ({ events }: Run): InitReport =>
  events.flatMap((event) => (event.kind === 'init' ? [event.report] : []))[0]!;

let made: Promise<StateDict> | undefined;

/** Weights of another run, of both tasks; trained once. */
const pretrained = (): Promise<StateDict> => {
  made ??= run({ seed: 9, steps: 3 }).then((before) => stateOf(before));
  return made;
};

const heads = [
  { task: 'orientation', paths: ['final'] },
  { task: 'location', paths: ['global_layers'] },
];

const init = async (given: Partial<InitialWeights> = {}): Promise<InitialWeights> => ({
  file: 'before.safetensors',
  state: await pretrained(),
  heads,
  ...given,
});

/** A rate so small that weights stay what they were, to seven digits. */
const still: GivenConfig = { learningRate: 1e-12, steps: 1 };

const near = (weight: Weight | undefined, other: Weight | undefined): boolean =>
  weight!.values.every((value, i) => Math.abs(value - other!.values[i]!) < 1e-6);

describe('a training that starts from weights', () => {
  it('takes over all that fit, and leaves the heads of tasks that it does not have', async () => {
    const before = await pretrained();
    const begun = await run({ ...still, tasks: ['location'] }, { init: await init() });
    const { loaded, skipped, fresh, body, checksum } = reportOf(begun);
    expect([...skipped.keys()].filter((name) => !name.startsWith('up_concat'))).toEqual([
      ...['final.weight', 'final.bias'],
    ]);
    expect(skipped.get('final.weight')).toBe('it is of the head of task orientation');
    expect(skipped.get('up_concat1.up.weight')).toBe('the model has no weight of this name');
    expect(fresh).toEqual([]);
    const count = loaded.filter((name) => !name.startsWith('global_layers.')).length;
    expect(body).toEqual({ parts: 'all', filled: count, of: count });
    expect(checksum).toBe(weightsChecksum(before));
    const after = stateOf(begun);
    for (const name of loaded.filter((one) => /weight|bias/.test(one)))
      expect(near(after.get(name), before.get(name)), name).toBe(true);
    expect(JSON.parse((await readText(begun.files, initFile))!)).toEqual({
      ...{ file: 'before.safetensors', checksum, loaded, fresh, body },
      skipped: Object.fromEntries(skipped),
    });
    expect(initLines(reportOf(begun))[0]).toBe(
      `Start: ${loaded.length} of ${before.size} weights of before.safetensors are taken over`,
    );
    expect(initLines(reportOf(begun))).toContain(
      '  2 left: final.weight, final.bias (it is of the head of task orientation)',
    );
  });

  it('leaves the head of another task even where it would fit, and moves that of its own to where it stands', async () => {
    const state = await pretrained();
    const foreign = await init({ heads: [{ task: 'elsewhere', paths: ['final'] }] });
    expect(reportOf(await run(still, { init: foreign })).fresh).toEqual(['final.weight', 'final.bias']);
    const renamed = [...state].map(
      ([name, weight]) => [name.replace(/^final/, 'orientation.final'), weight] as const,
    );
    const own = [{ task: 'orientation', paths: ['orientation.final'] }];
    const moved = await run(still, { init: await init({ state: new Map(renamed), heads: own }) });
    expect(reportOf(moved).fresh).toEqual([]);
    expect(near(stateOf(moved).get('final.weight'), state.get('final.weight'))).toBe(true);
  });

  it('takes the encoder alone where that is asked for', async () => {
    const begun = await run({ initParts: 'encoder' }, { init: await init() });
    const { loaded, fresh, skipped, body } = reportOf(begun);
    expect(body).toEqual({ parts: 'encoder', filled: loaded.length, of: loaded.length });
    expect(loaded.length).toBeGreaterThan(10);
    expect(loaded.every((name) => /^(conv1|center)\./.test(name))).toBe(true);
    expect(fresh.every((name) => /^(up_concat1|final|global_layers)\./.test(name))).toBe(true);
    expect(skipped.get('final.bias')).toBe('it is not of the encoder');
  });

  it('counts what weights of another depth fill of the network, heads apart', async () => {
    const deep = { model: { width: 4, depth: 3 }, tasks: ['orientation'] };
    const { loaded, fresh, body } = reportOf(await run({ ...still, ...deep }, { init: await init() }));
    const apart = (names: readonly string[]) => names.filter((name) => !name.startsWith('final.')).length;
    expect(body.filled).toBe(apart(loaded));
    expect(body.of).toBe(apart(loaded) + apart(fresh));
    expect(body.filled).toBeLessThan(body.of);
  });

  it('refuses weights of which none fits, and says what one would need', async () => {
    const wide = [...(await pretrained())].map(([name, { shape }]): [string, Weight] => {
      const other = [...shape.map((size) => size + 1)];
      return [name, { shape: other, values: new Float32Array(other.reduce((a, b) => a * b, 1)) }];
    });
    const misfit = run({}, { init: await init({ state: new Map(wide) }) });
    await expect(misfit).rejects.toThrow(ConfigError);
    await expect(misfit).rejects.toThrow(
      /^init before\.safetensors: none of its \d+ weights fits this network's encoder; \S+: it has shape/,
    );
    // the head's bias and counts are no beginning
    const some = [...(await pretrained())].map(([name, weight]): [string, Weight] => [
      name,
      /^final|num_batches/.test(name) ? weight : new Map(wide).get(name)!,
    ]);
    await expect(run({}, { init: await init({ state: new Map(some) }) })).rejects.toThrow(
      /none of its \d+ weights fits this network's encoder; conv1\.\S+: it has shape/,
    );
    await expect(run({}, { init: await init({ state: new Map() }) })).rejects.toThrow(
      /none of its 0 weights/,
    );
  });

  it('resumes to the same bytes, with these weights or when they are gone, and with no others', async () => {
    const [config, weights] = [{ steps: 6, checkpointEvery: 2 }, { init: await init() }];
    const whole = await run(config, weights);
    const stop = new AbortController();
    const files = new MemoryFiles();
    const onProgress = (event: TrainEvent) => event.kind === 'checkpoint' && stop.abort();
    await run(config, { ...weights, signal: stop.signal, onProgress }, files);
    const other = await init({ state: new Map([...(await pretrained())].slice(1)) });
    const resume = (start: TrainingOptions['init']) => run(config, { init: start, resume: true }, files);
    await expect(resume(other)).rejects.toThrow(/was started from other weights. Resume with the init/);
    await expect(resume(null)).rejects.toThrow(/was started from other weights/);
    const resumed = await resume('gone');
    expect(resumed.files.files.get(weightsFile)).toEqual(whole.files.files.get(weightsFile));
    expect(resumed.files.files.get(checkpointFile)).toEqual(whole.files.files.get(checkpointFile));
    const again = run(config, { ...weights, resume: true }, files);
    await expect(again).resolves.toBeDefined();
  });

  it('is told from one that began as drawn', async () => {
    const { files } = await run({ steps: 2 });
    const resumed = run({ steps: 2 }, { init: await init(), resume: true }, files);
    await expect(resumed).rejects.toThrow(/was started from no weights, but init names some/);
    await expect(run({}, { init: 'gone', resume: true })).rejects.toThrow(
      /has no checkpoint, and the weights/,
    );
  });
});

describe('a first convolution of colour images', () => {
  const plan = planRun(
    { model: { name: 'resnetUnet', width: 2 }, tasks: { location: { weight: 1, hidden: 2, dropout: 0 } } },
    { targetView: 'short-axis', referenceViews: [], size: 16, spacingMm: 8 },
  );
  const parts = { initParts: 'all', freeze: 'none' } as const;
  const stem = (channels: number): Weight => {
    const shape = [2, channels, 7, 7];
    return { shape, values: Float32Array.from({ length: 98 * channels }, (_, i) => i) };
  };
  const start = (network: HeadedNetwork, weight: Weight): InitReport =>
    startFrom({ file: 'resnet50', state: new Map([['conv1.weight', weight]]) }, network, plan, parts);

  it('is summed over its channels for grey ones, and said', async () => {
    using network = buildNetwork(device(), plan);
    const report = start(network, stem(3));
    expect(report.loaded).toEqual(['conv1.weight']);
    expect(initLines(report)).toContain(
      '  of colour images, summed over the channels: conv1.weight [2,3,7,7] as [2,1,7,7]',
    );
    const { values } = (await readWeights(network)).get('conv1.weight')!;
    // of both outputs: places 0, 49 and 98, and 147, 196 and 245
    expect([values[0], values[48], values[49]]).toEqual([147, 147 + 3 * 48, 588]);
  });

  it('is taken as it is where it is of grey images, and left where it is of another network', () => {
    using network = buildNetwork(device(), plan);
    expect(start(network, stem(1)).summed).toBeUndefined();
    const wide = { shape: [4, 3, 7, 7], values: new Float32Array(588) };
    expect(() => start(network, wide)).toThrow(
      /none of its 1 weights fits this network's encoder; conv1\.weight: it has shape/,
    );
    // told before there is a network
    const fits = [stem(1), stem(3), wide].map((one) =>
      fitsEncoder(new Map([['conv1.weight', one]]), plan.backbone),
    );
    expect(fits).toEqual([true, true, false]);
  });
});

describe('weightsChecksum', () => {
  it('follows from names, shapes and values alone', async () => {
    const state = await pretrained();
    const checksum = weightsChecksum(state);
    expect(weightsChecksum(new Map([...state].reverse()))).toBe(checksum);
    const [name, weight] = [...state][0]!;
    const values = weight.values.map((value, i) => (i === 0 ? value + 1 : value));
    expect(weightsChecksum(new Map([...state, [name, { ...weight, values }]]))).not.toBe(checksum);
  });
});
