/** @file A task, a backbone and a data source that only tests have: with a line each in its index, all else works. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CommandLine } from '../../src/commands/commandline.ts';
import { givenBy, type Values } from '../../src/commands/config.ts';
import { resultColumns } from '../../src/commands/evaluation.ts';
import { interruptible } from '../../src/commands/interrupt.ts';
import { addPretrain } from '../../src/commands/pretrain.ts';
import { formatTable } from '../../src/commands/table.ts';
import { openStore } from '../../src/data/store.node.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { only } from '../../src/results/mark.ts';
import { fixed } from '../../src/results/result.ts';
import { type GivenConfig, parseGiven, resolveConfig, trainConfigOf } from '../../src/run/config.ts';
import { type JobConsole, type JobResult, runJob } from '../../src/run/job.node.ts';
import { pretraining } from '../../src/run/job.ts';
import { loadTrained } from '../../src/run/trained.ts';
import { splitOf } from '../../src/train/dataset.ts';
import { evaluate, judgeImages } from '../../src/train/judge.ts';
import { withoutTimings } from '../../src/train/runlog.ts';
import type { Events } from '../../web/protocol.ts';
import { preparedLibrary } from '../../web/work/library.ts';
import { predictStudy } from '../../web/work/predict.ts';
import { Previews } from '../../web/work/previews.ts';
import { openWeights, summaryOf } from '../../web/work/weights.ts';
import { useDevice } from '../device.ts';
import { plainKernels } from '../train/tiny.ts';
import { slices, subjects, writeTexts } from './files.ts';

vi.mock('../../src/tasks/index.ts', async (original) => {
  const { tasks } = await original<typeof import('../../src/tasks/index.ts')>();
  return { tasks: [...tasks, (await import('./brightness.ts')).brightness] };
});
vi.mock('../../src/backbones/index.ts', async (original) => {
  const { backbones } = await original<typeof import('../../src/backbones/index.ts')>();
  return { backbones: [...backbones, (await import('./tower.ts')).tower] };
});
vi.mock('../../src/data/sources/index.ts', async (original) => {
  const { sources } = await original<typeof import('../../src/data/sources/index.ts')>();
  return { sources: [...sources, (await import('./text.ts')).text] };
});

const device = useDevice(plainKernels);
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-'));
  await writeTexts(join(folder, 'texts'));
});
afterAll(() => rm(folder, { recursive: true }));

const given: GivenConfig = {
  identifiers: 'keep',
  model: { name: 'tower', width: 4 },
  tasks: { brightness: { threshold: 0.5, weight: 2 } },
  ...{ size: 16, spacingMm: 8, steps: 60, batch: 4, learningRate: 0.02, schedule: 'constant' },
  ...{ validateEvery: 20, checkpointEvery: 20, validationFraction: 0.2, testFraction: 0.2 },
};

/** Runs a job; what it says. `stopAt` sends SIGINT once training has begun. */
async function run(job: GivenConfig, { resume = false, stop = false } = {}) {
  const said: string[] = [];
  let due = stop;
  const console: JobConsole = {
    say: (line) => said.push(line),
    warn: (line) => expect(line).toBe(''),
    startStage: (label) => ({
      update() {
        if (due && label.startsWith('training')) process.emit('SIGINT');
        due &&= !label.startsWith('training');
      },
      end() {},
    }),
  };
  const result = await interruptible(
    () => true,
    (signal) =>
      runJob({ kind: pretraining, given: job, resume, console, signal, worker: null, device: device() }),
    () => '',
  );
  return { result, said };
}

const read = (...path: string[]): Promise<string> => readFile(join(folder, ...path), 'latin1');

describe('a stranger', () => {
  let whole: JobResult;

  it('trains on its own files, resumes to the same bytes, and is evaluated', async () => {
    const data = join(folder, 'texts');
    const { result, said } = await run({ ...given, data, out: join(folder, 'whole') });
    whole = result;
    expect(said).toContainEqual(expect.stringContaining(`${subjects * slices} text images of 16×16 px`));
    const broken = join(folder, 'broken');
    const stopped = await run({ ...given, data, out: broken }, { stop: true });
    expect(stopped.result.training.stopped).toBe(true);
    await run({ out: broken }, { resume: true });
    for (const name of [
      'weights.safetensors',
      'checkpoint.safetensors',
      'validation.jsonl',
      'evaluation.json',
    ])
      expect(await read('broken', name), name).toBe(await read('whole', name));
    const [a, b] = await Promise.all(['whole', 'broken'].map((name) => read(name, 'metrics.jsonl')));
    expect(withoutTimings(b!)).toBe(withoutTimings(a!));
    expect(Object.keys(JSON.parse(a!.split('\n')[0]!))).toEqual([
      ...['step', 'loss', 'brightnessLoss', 'lr', 'imagesPerSecond'],
    ]);
    expect(JSON.parse(await read('whole', 'evaluation.json'))).toEqual({
      ...{ part: 'test', images: slices, subjects: 1 },
      ...{ data: expect.stringMatching(/^[0-9a-f]{8}$/), pixels: expect.stringMatching(/^[0-9a-f]{8}$/) },
      brightness: result.results!.summaries.brightness,
    });
    const [share] = result.results!.results;
    expect(share!.value!).toBeLessThan(share!.trivial!);
  }, 120_000);

  it('has its sections in the configuration', async () => {
    const saved = JSON.parse(await read('whole', 'config.json'));
    expect(saved.model).toEqual({ name: 'tower', width: 4 });
    expect(saved.tasks).toEqual({ brightness: { weight: 2, threshold: 0.5, hidden: 8 } });
    expect(resolveConfig(parseGiven(saved, 'config.json'))).toEqual(whole.config);
  });

  it('has weights that say what they are, and become its network again', async () => {
    const bytes = new Uint8Array(await readFile(join(folder, 'broken', 'weights.safetensors')));
    const { state, metadata } = decodeWeights(bytes, 'w');
    expect([...state.keys()].sort()).toEqual(
      ['bright_layers.0', 'bright_layers.3', 'first', 'ground'].flatMap((at) => [
        `${at}.bias`,
        `${at}.weight`,
      ]),
    );
    expect(JSON.parse(metadata.planewise!)).toMatchObject({
      ...{ model: { name: 'tower', width: 4 }, targetView: 'text', referenceViews: [], size: 16 },
      tasks: { brightness: { weight: 2, threshold: 0.5, hidden: 8 } },
    });
    const { network, plan } = await loadTrained(device(), bytes, 'w');
    const data = await openStore(join(folder, 'broken', 'prepared'));
    const split = splitOf(data, trainConfigOf(whole.config), plan);
    const again = await evaluate(network, data, plan.tasks, split, { batch: 4 });
    network.dispose();
    expect(again.results).toEqual(whole.results!.results);
  });

  it('is in the report: its figure, curve, sentence and marks', async () => {
    const html = new TextDecoder().decode(await readFile(join(folder, 'whole', 'report.html')));
    const [share] = whole.results!.results;
    const curves = JSON.parse(/const curves = (.*?);\n/.exec(html)![1]!) as { title: string }[];
    expect(curves.map(({ title }) => title)).toEqual(['Bright share, mean squared error']);
    expect(html).toContain('<h1>Pretraining: brightness</h1>');
    expect(html).toContain('the network was trained to tell how much of an image is bright.');
    expect(html).toContain('<div class="name">Bright share</div>');
    expect(html).toContain(`<td class="number">${fixed(share!.trivial, 3)}</td>`);
    for (const { findings } of whole.results!.shown) {
      const [scale] = only(findings[0]!.marks, 'scale');
      const { predicted, truth } = scale!;
      expect(html).toContain(`<p>brightness ${fixed(predicted, 2)}, true ${fixed(truth, 2)}</p>`);
    }
    expect(html).toContain('tasks.brightness.threshold</th><td>0.5');
    const words = html.replaceAll(/<(script|style)>.*?<\/\1>/gs, '');
    expect(words.match(/orientation|location|lines of|undefined|NaN/)).toBeNull();
  });

  it('is in the table of the terminal', () => {
    const table = formatTable(resultColumns, whole.results!.results);
    expect(table).toMatch(/^RESULT +NETWORK +TRIVIAL +MISSING\nBright share +0\.\d+ +0\.\d+ +–$/);
  });

  it('goes on beyond its end with a constant schedule', async () => {
    const { result } = await run({ out: join(folder, 'broken'), steps: 61 }, { resume: true });
    expect(result.training.step).toBe(61);
  });
});

describe('a stranger in the page’s worker', () => {
  it('predicts a study of its own files, as an evaluation would, and previews them while it trains', async () => {
    const data = await openStore(join(folder, 'whole', 'prepared'));
    const bytes = new Uint8Array(await readFile(join(folder, 'whole', 'weights.safetensors')));
    const source = { name: 'w', own: false };
    const weights = await openWeights(device(), bytes, source, null);
    expect(summaryOf(weights)).toMatchObject({
      ...{ network: 'Tower, 4 channels, two storeys', targetView: 'text', referenceViews: [] },
      tells: ['how much of an image is bright'],
    });
    const library = preparedLibrary(data);
    const request = { subject: 's0', stack: 0, frame: 0, slice: null };
    const study = await predictStudy(library, weights, request);
    const indices = [0, 1, 2];
    const options = { batch: 8, training: () => [], show: indices };
    const judged = await judgeImages(weights.network, data, weights.plan.tasks, indices, options);
    expect(study.slices.map(({ findings }) => findings)).toEqual(
      judged.shown.map(({ findings }) => findings),
    );
    const config = trainConfigOf(resolveConfig({ ...given, data: 'x' }));
    const told: Events['preview'][] = [];
    const previews = new Previews(data, splitOf(data, config, { tasks: [] }), config, (preview) =>
      told.push(preview),
    );
    await previews.show(weights.network, 1);
    weights.network.dispose();
    const marks = told[0]!.items.flatMap(({ findings }) => findings.flatMap((finding) => finding.marks));
    expect(only(marks, 'scale').map(({ title }) => title)).toEqual(told[0]!.items.map(() => 'brightness'));
    expect(marks.length).toBeGreaterThan(0);
  });
});

describe('the guide to adding a task', () => {
  it('has at most 60 lines, and its code is the task that is trained here', async () => {
    const guide = await readFile(new URL('../../docs/adding-a-task.md', import.meta.url), 'utf8');
    const task = await readFile(new URL('brightness.ts', import.meta.url), 'utf8');
    const [, code] = /```ts\n\/\/ src\/tasks\/brightness\.ts\n(.*?)```/s.exec(guide)!;
    const here = code!.replaceAll(`'../`, `'../../src/`).replaceAll(`'./`, `'../../src/tasks/`);
    expect(task.slice(task.indexOf('import'))).toBe(here);
    expect(guide.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  });
});

describe('a stranger on the command line', () => {
  it('is among the tasks that help lists, and takes settings', async () => {
    const program = new CommandLine();
    addPretrain(program, null);
    const help = program.commands[0]!.helpInformation().replaceAll(/\s+/g, ' ');
    expect(help).toContain('brightness');
    const flags = { task: 'brightness', set: ['model.name=tower', 'tasks.brightness.threshold=0.5'] };
    const config = resolveConfig(await givenBy(flags as unknown as Values));
    expect(config.model).toEqual({ name: 'tower', width: 6 });
    expect(config.tasks).toEqual({ brightness: { weight: 1, threshold: 0.5, hidden: 8 } });
  });

  it('is named where something is asked for that is not there', () => {
    expect(() => resolveConfig({ tasks: ['dusk'] })).toThrow(/one of orientation, location, .*brightness/);
    expect(() => resolveConfig({ model: { name: 'hut' } })).toThrow(/one of unet, .*tower/);
    expect(() => resolveConfig({ model: { name: 'tower', depth: 3 } })).toThrow(/known are name, width/);
    expect(() => resolveConfig({ model: { name: 'tower' }, size: 18 })).toThrow(
      /size 18 is no multiple of 4, which model tower/,
    );
    expect(() => resolveConfig({ tasks: { brightness: { hidden: 0 } } })).toThrow(
      /tasks\.brightness\.hidden 0/,
    );
  });
});
