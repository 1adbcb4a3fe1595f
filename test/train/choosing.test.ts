/** @file Which weights are kept, and when a run ends for want of better ones. */
import { describe, expect, it } from 'vitest';
import { samplesOf } from '../../src/data/sample.ts';
import { UNKNOWN } from '../../src/data/types.ts';
import { decodeSafetensors } from '../../src/models/safetensors.ts';
import type { StepMetrics, ValidationMetrics } from '../../src/results/losses.ts';
import { type GivenConfig, presets } from '../../src/run/config.ts';
import { earlyText, type JobConsole, trainingProgress } from '../../src/run/jobconsole.node.ts';
import { planRun } from '../../src/run/plan.ts';
import { loadTrained } from '../../src/run/trained.ts';
import { train } from '../../src/run/training.ts';
import { checkpointFile } from '../../src/train/checkpoint.ts';
import { splitOf, validationImages } from '../../src/train/dataset.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { predictImages } from '../../src/train/predict.ts';
import { MemoryFiles } from '../../src/train/runfiles.ts';
import { metricsFile, readRecords, validationFile, withoutTimings } from '../../src/train/runlog.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { useDevice } from '../device.ts';
import { maskedConfig, maskedData } from './masked.ts';
import { plainKernels, type TrainingOptions } from './tiny.ts';

const device = useDevice(plainKernels);
const data = maskedData();

async function run(given: GivenConfig, options: Partial<TrainingOptions> = {}, files = new MemoryFiles()) {
  const events: TrainEvent[] = [];
  const config = maskedConfig(given);
  const onProgress = (event: TrainEvent): void => void events.push(event);
  const result = await train({ device: device(), data, config, files, onProgress, ...options });
  const validation = await readRecords<ValidationMetrics>(files, validationFile);
  const metrics = await readRecords<StepMetrics>(files, metricsFile);
  return { config, files, events, result, validation, metrics };
}

const logOf = (files: MemoryFiles, name: string) => new TextDecoder().decode(files.files.get(name));
const tensorsOf = (files: MemoryFiles) => decodeSafetensors(files.files.get(checkpointFile)!, 'x').tensors;

/** Chosen by Dice, and as long as there is patience; the rate is too high to go on getting better. */
const impatient: GivenConfig = { chooseBy: 'figure', patience: 2, steps: 60, learningRate: 0.05 };

describe('the best weights', () => {
  it('are those of the best figure, which is that of their outputs', async () => {
    const { config, files, result, validation } = await run({
      chooseBy: 'figure',
      steps: 12,
      learningRate: 0.02,
    });
    const figures = validation.map(({ figure }) => figure!);
    expect(validation.map(({ step }) => step)).toEqual([3, 6, 9, 12]);
    expect(validation.map(({ best }) => best)).toEqual(
      figures.map((value, i) => figures.slice(0, i).every((before) => value > before)),
    );
    const best = Math.max(...figures);
    expect(new Set(figures).size).toBeGreaterThan(1);
    expect(result.best).toMatchObject({ figure: best, step: validation[figures.indexOf(best)]!.step });
    const { network, plan, info } = await loadTrained(device(), files.files.get(weightsFile)!, 'weights');
    expect(info.steps).toBe(result.best!.step);
    const tally = plan.tasks[0]!.part.figure!.begin();
    const images = validationImages(
      data,
      plan.streams[0]!,
      splitOf(data, config, plan),
      config.validationImages,
    );
    await predictImages(network, data, images, { batch: 3 }, (outputs, { count, indices }) =>
      tally.add(outputs, samplesOf(data, [...indices.subarray(0, count)])),
    );
    network.dispose();
    expect(tally.value()).toBeCloseTo(best, 6);
  });

  it('are chosen by the loss unless a figure is asked for, with which the steps stay the same', async () => {
    const [byLoss, byFigure] = [await run({}), await run({ chooseBy: 'figure' })];
    expect(byLoss.validation.every((row) => !('figure' in row))).toBe(true);
    expect(byLoss.result.best).not.toHaveProperty('figure');
    const lowest = byLoss.validation.filter(({ best }) => best).map(({ loss }) => loss);
    expect(lowest).toEqual([...lowest].sort((a, b) => b - a));
    expect(withoutTimings(logOf(byFigure.files, metricsFile))).toBe(
      withoutTimings(logOf(byLoss.files, metricsFile)),
    );
    expect(tensorsOf(byFigure.files)).toEqual(tensorsOf(byLoss.files));
    expect(byFigure.validation.map(({ loss }) => loss)).toEqual(byLoss.validation.map(({ loss }) => loss));
  });

  it('are the first of equally good ones', async () => {
    // where nothing is to be found, whatever is found has Dice 0
    const plan = planRun(maskedConfig(), data.manifest);
    const validated = new Set(splitOf(data, maskedConfig(), plan).validation);
    const held = new Set(
      samplesOf(data)
        .filter(({ subject }) => validated.has(subject))
        .map(({ index }) => index),
    );
    const masks = data.masks!.map((label, i) => (held.has(Math.floor(i / 256)) ? 0 : label));
    const { validation } = await run(
      { chooseBy: 'figure', learningRate: 1e-6 },
      { data: { ...data, masks } },
    );
    expect(validation.map(({ figure, best }) => [figure, best])).toEqual([
      [0, true],
      [0, false],
      [0, false],
    ]);
  });

  it('are chosen by the loss where no task has a figure', async () => {
    const { validation } = await run({ chooseBy: 'figure', tasks: ['location'] });
    expect(validation.length).toBeGreaterThan(0);
    expect(validation.every((row) => !('figure' in row))).toBe(true);
  });
});

describe('patience', () => {
  it('ends a run after so many validations that were no better, and says so', async () => {
    const { result, validation, metrics } = await run(impatient);
    const { step, best } = result;
    expect(result).toMatchObject({ early: true, stopped: false });
    expect(step).toBeLessThan(60);
    expect([metrics.at(-1)!.step, validation.at(-1)!.step]).toEqual([step, step]);
    expect(validation.slice(-3).map((row) => row.best)).toEqual([true, false, false]);
    expect(best!.step).toBe(step - 6);
    expect(earlyText(result, 60)).toBe(
      `stopped at step ${step} of 60 for want of better validations, best at step ${step - 6}`,
    );
    expect(earlyText({ ...result, early: false }, 60)).toBeNull();
  });

  it('keeps the last weights, with a warning, where no validation could tell how good any were', async () => {
    // without background nothing can be measured, so no figure comes
    const masks = data.masks!.map((label) => (label === 0 ? UNKNOWN : label));
    const told: string[] = [];
    const onProgress = (event: TrainEvent) => event.kind === 'warning' && told.push(event.message);
    const { result, files } = await run(impatient, { data: { ...data, masks }, onProgress });
    expect(result).toMatchObject({ early: true, best: null });
    expect(told.join()).toContain('the last weights are kept');
    expect(files.files.has(weightsFile)).toBe(true);
  });

  it('ends at the same step and bytes where the run was stopped before, and stays ended', async () => {
    const whole = await run(impatient);
    const files = new MemoryFiles();
    const stop = new AbortController();
    const onProgress = (event: TrainEvent) => {
      if (event.kind === 'steps' && event.metrics.step >= whole.result.step - 4) stop.abort();
    };
    const first = await run(impatient, { onProgress, signal: stop.signal }, files);
    expect(first.result).toMatchObject({ early: false, stopped: true });
    for (let again = 0; again < 2; again++) {
      const { result } = await run(impatient, { resume: true }, files);
      expect(result).toEqual(whole.result);
      for (const name of [checkpointFile, weightsFile])
        expect(files.files.get(name)).toEqual(whole.files.files.get(name));
      expect(logOf(files, validationFile)).toBe(logOf(whole.files, validationFile));
      expect(withoutTimings(logOf(files, metricsFile))).toBe(withoutTimings(logOf(whole.files, metricsFile)));
    }
  });

  it('can be given up: the run goes on as if it had never ended', async () => {
    const { result, files } = await run(impatient);
    expect(result.early).toBe(true);
    const forever = { ...impatient, patience: null };
    const [gone, whole] = [await run(forever, { resume: true }, files), await run(forever)];
    expect(gone.result.step).toBe(60);
    expect(tensorsOf(files)).toEqual(tensorsOf(whole.files));
    expect(files.files.get(weightsFile)).toEqual(whole.files.files.get(weightsFile));
  });

  it('is shown with the figure while the run goes', async () => {
    const lines: string[] = [];
    const console: JobConsole = {
      say: () => {},
      warn: () => {},
      startStage: () => ({ update: (_done, extra) => void lines.push(extra ?? ''), end: () => {} }),
    };
    const progress = trainingProgress(console, presets.finetune, maskedData());
    const { events } = await run({ chooseBy: 'figure' });
    for (const event of events) progress.show(event);
    expect(lines.at(-1)).toMatch(/^loss [\d.]+ {2}validation [\d.]+, Dice of all pixels 0\.\d{3} /);
  });
});
