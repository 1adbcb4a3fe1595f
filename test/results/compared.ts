/** @file Runs made by hand, for the tests of what compares them. */
import type { ComparedRun } from '../../src/results/compare.ts';
import type { TestedRun } from '../../src/results/comparedresults.ts';
import type { RecordedResult } from '../../src/results/experiment.ts';

/** A Dice of three subjects. */
export const dice = (
  value: number | null,
  subjects: readonly string[] = ['a', 'b', 'c'],
): RecordedResult => ({
  ...{ key: 'segmentation.dice', title: 'Dice, mean of the classes', unit: '', digits: 3, better: 'higher' },
  ...{ value, trivial: 0.3, detail: false },
  bySubject: Object.fromEntries(subjects.map((name) => [name, value ?? 0])),
});

export const tested = (change: Partial<TestedRun> = {}): TestedRun => ({
  ...{ part: 'test', images: 30, subjects: 3, data: 'd', pixels: 'p', results: [dice(0.8)] },
  ...change,
});

export const runOf = (change: Partial<ComparedRun> = {}): ComparedRun => ({
  ...{ name: 'one', tasks: ['segmentation'], settings: { seed: '1', steps: '40' }, named: false },
  ...{ steps: { asked: 40, trained: 40 }, best: 20, notes: [] },
  metrics: [10, 20].map((step) => ({
    ...{ step, loss: 1 / step, segmentationLoss: 1 / step, lr: 0.1, imagesPerSecond: 9 },
  })),
  validation: [20, 40].map((step) => ({
    ...{ step, loss: 2 / step, segmentationLoss: 2 / step, figure: step / 100, best: true },
  })),
  tested: tested(),
  ...change,
});
