/** @file Live loss curves: training, its running mean and validation, on a logarithmic axis. */
import uPlot from 'uplot';
import { curveColumns, type LossKey } from '../../src/report/curves.ts';
import type { StepMetrics, ValidationMetrics } from '../../src/results/losses.ts';
import { h } from '../dom.ts';
import { colour, onTheme } from '../theme.ts';

const HEIGHT = 240;
/** Above and below the curves, as a factor. */
const MARGIN = 1.15;
const FEWEST_TICKS = 3;

/** The strokes of every curve. */
const names = ['each step', 'mean', 'validation'] as const;

/** A little more than there is; uPlot itself goes to whole decades. */
const around = (least: number | null, most: number | null): [number, number] => [
  (least ?? 0.01) / MARGIN,
  (most ?? 1) * MARGIN,
];

/** These multiples of every power of ten in a range. */
function multiples(steps: readonly number[], least: number, most: number): number[] {
  const [from, to] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))];
  const all = Array.from({ length: to - from + 1 }, (_, k) => steps.map((step) => step * 10 ** (from + k)));
  return all.flat().filter((tick) => tick >= least && tick <= most);
}

/** A few round numbers in a range: the coarsest of three sets that has enough. */
function ticks(least: number, most: number): number[] {
  const sets = [[1], [1, 2, 5], [1, 2, 3, 4, 5, 6, 7, 8]].map((steps) => multiples(steps, least, most));
  return sets.find(({ length }) => length >= FEWEST_TICKS) ?? sets.at(-1)!;
}

/** What the curves are at the step under the pointer; nothing where there is none. */
function readOut({ data, cursor: { idx } }: uPlot): string {
  if (typeof idx !== 'number') return '';
  const values = names.flatMap((name, i) => {
    const value = data[i + 1]?.[idx];
    return typeof value === 'number' ? [`${name} ${value.toPrecision(3)}`] : [];
  });
  return `Step ${data[0][idx]}: ${values.join(', ')}`;
}

function options(title: string, width: number, read: (words: string) => void): uPlot.Options {
  const grid = { stroke: () => colour('rule'), width: 1 };
  const axis = { stroke: () => colour('muted'), grid, ticks: grid, font: '12px system-ui' };
  return {
    width,
    height: HEIGHT,
    title,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    hooks: { setCursor: [(plot) => read(readOut(plot))] },
    scales: { x: { time: false }, y: { distr: 3, range: (_, least, most) => around(least, most) } },
    axes: [
      axis,
      {
        ...axis,
        size: 62,
        splits: (_, _axis, least, most) => ticks(least, most),
        filter: (_, all) => all,
        values: (_, all) => all.map((tick) => String(Number(tick.toPrecision(1)))),
      },
    ],
    series: [
      { label: 'step' },
      {
        label: names[0],
        stroke: () => colour('faint'),
        width: 1,
        points: { show: false },
        spanGaps: true,
      },
      { label: names[1], stroke: () => colour('accent'), width: 2, points: { show: false }, spanGaps: true },
      {
        label: names[2],
        stroke: () => colour('second'),
        width: 2,
        points: { show: true, size: 5 },
        spanGaps: true,
      },
    ],
  };
}

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
  readonly #chart = h('div', { role: 'img' });
  readonly #reading = h('p', { class: 'hint readout', 'aria-hidden': 'true' });
  readonly #key: LossKey;
  readonly #title: string;
  #plot: uPlot | null = null;
  #data: uPlot.AlignedData = [[], [], [], []];

  constructor(title: string, key: LossKey) {
    this.#key = key;
    this.#title = title;
    this.element = h('div', { class: 'curve' }, this.#chart, this.#reading);
    this.#chart.setAttribute('aria-label', `${title}, nothing yet`);
    new ResizeObserver(() => this.#resize()).observe(this.#chart);
    onTheme(() => this.#plot?.redraw());
  }

  show(metrics: readonly StepMetrics[], validation: readonly ValidationMetrics[]): void {
    this.#data = curveColumns(metrics, validation, this.#key);
    const last = metrics.at(-1);
    const value = last?.[this.#key];
    if (last)
      this.#chart.setAttribute('aria-label', `${this.#title}: ${value?.toPrecision(3)} at step ${last.step}`);
    if (this.#plot) this.#plot.setData(this.#data);
    else this.#resize();
  }

  /** uPlot measures itself once, so it is made when there is a width. */
  #resize(): void {
    const width = Math.floor(this.#chart.clientWidth);
    if (width === 0) return;
    if (this.#plot) this.#plot.setSize({ width, height: HEIGHT });
    else {
      const read = (words: string): void => {
        this.#reading.textContent = words;
      };
      this.#plot = new uPlot(options(this.#title, width, read), this.#data, this.#chart);
    }
  }
}
