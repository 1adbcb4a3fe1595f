/** @file Live loss curves: training, its running mean and validation; and those of several runs over one another. */
import type uPlot from 'uplot';
import { curveColumns, type LossKey } from '../../src/report/curves.ts';
import type { StepMetrics, ValidationMetrics } from '../../src/results/losses.ts';
import { h } from '../dom.ts';
import { css } from '../draw.ts';
import { colour } from '../theme.ts';
import { Chart } from './chart.ts';

/** The strokes of every curve. */
const names = ['each step', 'mean', 'validation'] as const;

const line = { points: { show: false }, spanGaps: true, width: 2 };
const dots = { ...line, points: { show: true, size: 5 } };

const strokes: readonly uPlot.Series[] = [
  { ...line, label: names[0], stroke: () => colour('faint'), width: 1 },
  { ...line, label: names[1], stroke: () => colour('accent') },
  { ...dots, label: names[2], stroke: () => colour('second') },
];

/** What the three strokes of every curve mean. */
export function curveLegend(): HTMLElement {
  return h(
    'ul',
    { class: 'legend' },
    names.map((name, i) => h('li', {}, h('span', { class: `stroke curve-${i}` }), name)),
  );
}

export class Curve {
  readonly element: HTMLElement;
  readonly #key: LossKey;
  readonly #chart: Chart;

  constructor(title: string, key: LossKey) {
    this.#key = key;
    this.#chart = new Chart(title, strokes);
    this.element = this.#chart.element;
  }

  show(metrics: readonly StepMetrics[], validation: readonly ValidationMetrics[]): void {
    const last = metrics.at(-1);
    if (last) this.#chart.describe(`${last[this.#key]?.toPrecision(3)} at step ${last.step}`);
    this.#chart.show(curveColumns(metrics, validation, this.#key));
  }
}

export interface RunCurve {
  readonly name: string;
  readonly validation: readonly ValidationMetrics[];
}

/** Validation losses of several runs over one another. */
export class ComparedCurves {
  readonly element: HTMLElement;
  readonly #chart: Chart;

  constructor(title: string) {
    this.#chart = new Chart(title, []);
    this.element = this.#chart.element;
  }

  show(runs: readonly RunCurve[]): void {
    const steps = [...new Set(runs.flatMap(({ validation }) => validation.map(({ step }) => step)))];
    steps.sort((a, b) => a - b);
    const columns = runs.map(({ validation }) => {
      const losses = new Map(validation.map(({ step, loss }) => [step, loss]));
      return steps.map((step) => losses.get(step) ?? null);
    });
    this.element.hidden = steps.length === 0;
    this.#chart.describe(runs.map(({ name }) => name).join(', '));
    this.#chart.show(
      [steps, ...columns],
      runs.map(({ name }, i) => ({ ...dots, label: name, stroke: css(i) })),
    );
  }
}
