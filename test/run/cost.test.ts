/** @file What a training says of its cost. */
import { describe, expect, it } from 'vitest';
import { presets, resolveConfig } from '../../src/run/config.ts';
import { costLine, timeLines } from '../../src/run/cost.node.ts';
import { type JobConsole, trainingProgress } from '../../src/run/jobconsole.node.ts';
import type { TrainEvent } from '../../src/train/events.ts';
import { Trial, trialSteps } from '../../src/train/pace.ts';
import { tinyData } from '../train/tiny.ts';

const start: Extract<TrainEvent, { kind: 'start' }> = {
  ...({ kind: 'start' } as const),
  ...{ step: 200, steps: 1000, parameters: 5, deviceBytes: 85_123_456 },
  facts: { launches: 1, memory: { plannedBytes: 1, unplannedBytes: 2 } as never },
};

describe('the cost of a training', () => {
  it('is its steps, and the memory of device and images, before it starts', () => {
    expect(costLine(start, presets.small, tinyData())).toBe(
      'Cost: 800 steps of 16 images; 85.1 MB on the device, 0.041 MB of images in memory; how long, the first steps will tell',
    );
  });

  it('is its time by the first steps, with what makes a long one shorter', () => {
    const pace = (secondsPerStep: number) => ({ kind: 'pace', secondsPerStep, stepsLeft: 900 }) as const;
    expect(timeLines(pace(1), presets.small)).toEqual([
      'Time: about 15:00 for the 900 steps left, by the first ones; validation and evaluation come on top',
    ]);
    const long = timeLines(pace(4), resolveConfig({ preset: 'zhang2024', data: 'x' }));
    expect(long).toEqual([
      expect.stringContaining('about 1:00:00'),
      'Shorter: fewer --steps (12500), a smaller --batch (20) or --width (64), a smaller --size (224); or --preset small',
    ]);
    expect(timeLines(pace(4), presets.small)[1]).not.toContain('--preset');
  });

  it('is said once, though a lost device begins the training anew', () => {
    const said: string[] = [];
    const console: JobConsole = {
      say: (line) => void said.push(line),
      warn: () => {},
      startStage: () => ({ update: () => {}, end: () => {} }),
    };
    const { show } = trainingProgress(console, presets.small, tinyData());
    for (let time = 0; time < 2; time++) {
      show(start);
      show({ kind: 'pace', secondsPerStep: 1, stepsLeft: 3 });
    }
    expect(said.filter((line) => /^(Cost|Time): /.test(line))).toHaveLength(2);
  });

  it('is timed over steps without a rest between, but for the first', () => {
    const { first, timed } = trialSteps;
    const trial = new Trial();
    const told = [1, first, first + 1].map((step) => trial.settle(step));
    trial.rested();
    for (let step = first + 2; step < first + 2 + timed; step++) told.push(trial.settle(step));
    expect(told.every((seconds) => seconds === null)).toBe(true);
    expect(trial.settle(first + 2 + timed)).toBeGreaterThanOrEqual(0);
    expect(trial.settle(100)).toBeNull();
  });
});
