/** @file A whole report's input, made by hand. */
import type { Line } from '../../src/data/types.ts';
import type { ReportInput } from '../../src/report/report.ts';
import type { Evaluation, ShownImage } from '../../src/results/evaluation.ts';
import type { Finding, Mark } from '../../src/results/mark.ts';
import { offset, place, resultOf } from '../results/results.ts';
import { lineAt, renderRidge } from '../tasks/orientation/ridge.ts';
import { sampleOf } from '../tasks/samples.ts';

export const size = 16;

export const pixels = renderRidge(lineAt(10, 2, size), size, 3);
export const truth = lineAt(30, 2, size);
export const predicted = lineAt(33, 2, size);

export const line = (of: 'predicted' | 'truth', at: Line, series = 0): Mark => ({
  kind: 'line',
  line: at,
  series,
  of,
});

/** What the two tasks show of an image. */
const findings: readonly Finding[] = [
  {
    task: 'orientation',
    series: ['2-chamber'],
    marks: [
      { kind: 'heat', values: renderRidge(truth, size, 1.5), series: 0, of: 'predicted' },
      line('predicted', predicted),
      line('truth', truth),
      { kind: 'words', text: '3.0°, 0.0 mm', series: 0 },
    ],
  },
  {
    task: 'location',
    series: [],
    marks: [{ kind: 'scale', title: 'location', predicted: 0.125, truth: 0, from: 'base', to: 'apex' }],
  },
];

/** An image of slice 1, phase 1 with what is shown of it. */
export const shown = (of: readonly Finding[] = findings, subject = 'p1'): ShownImage => ({
  sample: sampleOf({ subject, pixels: () => pixels }),
  findings: of,
});

export const evaluation: Evaluation = {
  ...{ part: 'test', images: 40, subjects: 4, summaries: {} },
  results: [resultOf(), offset, place],
  scatters: [
    {
      title: 'Slice location',
      about: 'Each dot is a slice.',
      axis: 'location',
      points: [{ predicted: 0.25, truth: 0.5 }],
    },
  ],
  notes: ['The angle is that between the two undirected lines.'],
  shown: [shown()],
};

/** 4,000 steps of two tasks, evaluated on four test subjects, one image shown. */
export function input(change: Partial<ReportInput> = {}): ReportInput {
  return {
    title: 'Phantom run',
    config: { width: 16, augmentation: { rotationDeg: 15, scale: [0.9, 1.1] }, clipNorm: null },
    step: { launches: 200, memory: { plannedBytes: 40.2e6, unplannedBytes: 165e6 } },
    adapter: { name: 'Some adapter', software: true },
    timings: [{ name: 'Training', seconds: 245 }],
    metrics: Array.from({ length: 4000 }, (_, i) => ({
      step: i + 1,
      loss: 2 / (i + 1),
      orientationLoss: 1 / (i + 1),
      locationLoss: 1 / (i + 1),
      lr: 1e-3,
      imagesPerSecond: 100,
    })),
    validation: [{ step: 2000, loss: 0.5, orientationLoss: 0.3, locationLoss: 0.2, best: true }],
    tasks: [
      { name: 'orientation', lossTitle: 'Line heatmaps', tells: 'where the 2-chamber plane cuts an image' },
      { name: 'location', lossTitle: 'Location, squared', tells: 'how far along its stack a slice lies' },
    ],
    evaluation,
    data: {
      name: 'phantom',
      size,
      spacingMm: 4,
      targetView: 'sax',
      referenceViews: ['2ch'],
      parts: [{ name: 'Training', subjects: 30, images: 300 }],
      skipped: [{ file: 'a.dcm', reason: { code: 'X', message: 'It is not DICOM.' } }],
    },
    ...change,
  };
}
