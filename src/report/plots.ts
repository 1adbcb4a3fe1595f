/** @file Curves over steps, drawn by uplot in the reader's browser from inlined data. */
import { Html, html, scriptLiteral } from './html.ts';

export interface PlotSeries {
  readonly label: string;
  /** A variable of the style. */
  readonly colour: `--${string}`;
  /** CSS pixels. */
  readonly width: number;
  /** Lengths drawn and left out in turn, in CSS pixels; default: all is drawn. */
  readonly dash?: readonly number[];
  /** Whether each value has a dot; default false. */
  readonly points?: boolean;
  /** Stands at the curve's end, so that it is known without its colour. */
  readonly letter?: string;
}

export interface Plot {
  readonly title: string;
  /** For who does not see it. */
  readonly about: string;
  readonly axis: 'logarithmic' | 'linear';
  readonly series: readonly PlotSeries[];
  /** Steps, then the values of each series; null where one has none. */
  readonly data: readonly (readonly (number | null)[])[];
}

/** Plain JavaScript, so it stands here as it is delivered. */
const script = `
const colour = (name) => () => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const splits = (u, axis, low, high) => {
  const many = Math.log10(high / low) > 1.5;
  const out = [];
  for (let k = Math.floor(Math.log10(low)) - 1; k <= Math.ceil(Math.log10(high)); k++)
    for (const m of many ? [1, 3] : [1, 1.5, 2, 3, 5, 7]) {
      const v = m * 10 ** k;
      if (v >= low && v <= high) out.push(v);
    }
  return out;
};
const short = (v) => v == null ? '' : String(Number(v.toPrecision(3)));
const letters = (own) => (u) => {
  const ends = own.flatMap(({ letter, colour: name }, i) => {
    const values = u.data[i + 1];
    let last = values.length - 1;
    while (last >= 0 && values[last] == null) last--;
    if (!letter || last < 0) return [];
    return [{ letter, name, x: u.valToPos(u.data[0][last], 'x', true), y: u.valToPos(values[last], 'y', true) }];
  }).sort((a, b) => a.y - b.y);
  const { ctx } = u;
  ctx.save();
  ctx.font = 'bold ' + 12 * devicePixelRatio + 'px system-ui, sans-serif';
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  let free = -Infinity;
  for (const { letter, name, x, y } of ends) {
    const at = Math.max(y, free);
    free = at + 13 * devicePixelRatio;
    ctx.fillStyle = colour(name)();
    ctx.fillText(letter, x + 6 * devicePixelRatio, at);
  }
  ctx.restore();
};
const charts = curves.map(({ axis: kind, series, data }, i) => {
  const host = document.getElementById('curve-' + i);
  const axis = { stroke: colour('--muted'), grid: { stroke: colour('--rule'), width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' };
  const log = kind === 'logarithmic';
  const options = {
    width: host.clientWidth, height: 260,
    padding: [null, series.some(({ letter }) => letter) ? 20 : null, null, null],
    scales: { x: { time: false }, y: log ? { distr: 3, range: (u, low, high) => [low / 1.15, high * 1.15] } : {} },
    axes: [{ ...axis, values: (u, all) => all.map((v) => v.toLocaleString('en')) }, { ...axis, size: 56, ...(log && { splits, filter: (u, all) => all }), values: (u, all) => all.map(short) }],
    series: [
      { label: 'step', value: (u, v) => v == null ? '' : v.toLocaleString('en') },
      ...series.map(({ label, colour: name, width, dash, points }) => ({ label, stroke: colour(name), width, dash, points: points ? { show: true, size: 6, fill: colour(name) } : { show: false }, spanGaps: true, value: (u, v) => short(v) })),
    ],
    hooks: { draw: [letters(series)] },
    cursor: { drag: { x: false, y: false } },
  };
  const chart = new uPlot(options, data, host);
  const markers = [...host.querySelectorAll('.u-legend tr')].map((row) => row.querySelector('.u-marker'));
  series.forEach(({ colour: name }, i) => markers[i + 1]?.style.setProperty('border-color', 'var(' + name + ')', 'important'));
  new ResizeObserver(() => chart.setSize({ width: host.clientWidth, height: 260 })).observe(host);
  return chart;
});
for (const query of ['(prefers-color-scheme: dark)', 'print'])
  matchMedia(query).addEventListener('change', () => charts.forEach((chart) => chart.redraw(false)));
`;

/** Where the plots go. */
export function plotFigures(plots: readonly Plot[]): Html {
  const figures = plots.map(
    ({ title, about }, i) =>
      html`<figure class="curve"><figcaption>${title}</figcaption><div id="curve-${i}" role="img" aria-label="${about}"></div></figure>`,
  );
  return html`<div class="curves">${figures}</div>`;
}

/**
 * Draws the plots, once in a page, below their figures.
 * @param plotter the plotting library's script
 */
export function plotScript(plots: readonly Plot[], plotter: string): Html {
  const curves = plots.map(({ title, axis, series, data }) => ({ title, axis, series, data }));
  return html`<script>${new Html(`${plotter}\n(() => {\nconst curves = ${scriptLiteral(curves)};${script}})();`)}</script>`;
}
