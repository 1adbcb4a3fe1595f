/** @file A chart of losses over steps on a logarithmic axis, with what the curves are at the step under the pointer. */
import uPlot from 'uplot';
import { h } from '../dom.ts';
import { colour, onTheme } from '../theme.ts';

const HEIGHT = 240;
/** Above and below the curves, as a factor. */
const MARGIN = 1.15;
const FEWEST_TICKS = 3;

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
function readOut({ data, series, cursor: { idx } }: uPlot): string {
  if (typeof idx !== 'number') return '';
  const values = series.slice(1).flatMap(({ label }, i) => {
    const value = data[i + 1]?.[idx];
    return typeof value === 'number' ? [`${label} ${value.toPrecision(3)}`] : [];
  });
  return `Step ${data[0][idx]}: ${values.join(', ')}`;
}

function options(title: string, width: number, series: readonly uPlot.Series[]): uPlot.Options {
  const grid = { stroke: () => colour('rule'), width: 1 };
  const axis = { stroke: () => colour('muted'), grid, ticks: grid, font: '12px system-ui' };
  return {
    width,
    height: HEIGHT,
    title,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
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
    series: [{ label: 'step' }, ...series],
  };
}

export class Chart {
  readonly element: HTMLElement;
  readonly #chart = h('div', { role: 'img' });
  readonly #reading = h('p', { class: 'hint readout', 'aria-hidden': 'true' });
  readonly #title: string;
  #series: readonly uPlot.Series[];
  #plot: uPlot | null = null;
  #data: uPlot.AlignedData = [[]];

  constructor(title: string, series: readonly uPlot.Series[]) {
    this.#title = title;
    this.#series = series;
    this.element = h('div', { class: 'curve' }, this.#chart, this.#reading);
    this.describe('nothing yet');
    new ResizeObserver(() => this.#resize()).observe(this.#chart);
    onTheme(() => this.#plot?.redraw());
  }

  /** For those who do not see it. */
  describe(words: string): void {
    this.#chart.setAttribute('aria-label', `${this.#title}: ${words}`);
  }

  /** Steps, and a column for each series; other series where they are given. */
  show(data: uPlot.AlignedData, series?: readonly uPlot.Series[]): void {
    this.#data = data;
    if (series) {
      this.#series = series;
      this.#plot?.destroy();
      this.#plot = null;
    }
    if (this.#plot) this.#plot.setData(data);
    else this.#resize();
  }

  /** uPlot measures itself once, so it is made when there is a width. */
  #resize(): void {
    const width = Math.floor(this.#chart.clientWidth);
    if (width === 0) return;
    if (this.#plot) {
      this.#plot.setSize({ width, height: HEIGHT });
      return;
    }
    const read = (plot: uPlot): void => {
      this.#reading.textContent = readOut(plot);
    };
    const hooks = { setCursor: [read] };
    this.#plot = new uPlot({ ...options(this.#title, width, this.#series), hooks }, this.#data, this.#chart);
  }
}
