/** @file Curves of an experiment's main figure with every seed's value: by labelled subjects, and by steps. Plain SVG. */
import { type ArmSummary, type RecordedResult, summarizeArm } from '../results/experiment.ts';
import { fixed } from '../results/result.ts';
import type { ExperimentReportInput } from './experiment.ts';
import { type Html, html, whole } from './html.ts';
import { css, seriesColour } from './palette.ts';

const [width, height] = [400, 270];
const frame = { left: 46, right: 388, top: 12, bottom: 228 };

/** A column of the axis below: places are evenly spaced, for counts such as 1, 2, 5, 20 grow by factors. */
interface Tick {
  readonly label: string;
  /** By initialisation, in the order of the experiment. */
  readonly arms: readonly ArmSummary[];
}

interface Chart {
  readonly title: string;
  readonly axis: string;
  readonly ticks: readonly Tick[];
}

/** Steps of 1, 2 or 5 times a power of ten, about five of them. */
function gridStep(range: number): number {
  const rough = range / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
}

/** An axis: its ends, its lines, and how many digits these need. */
interface Axis {
  readonly low: number;
  readonly high: number;
  readonly lines: readonly number[];
  readonly digits: number;
}

/** An axis that holds some values; at least one line's distance long. */
export function axisOf(values: readonly number[]): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const step = gridStep(most - least || Math.abs(most) || 1);
  const low = Math.floor(least / step) * step;
  const high = Math.max(low + step, Math.ceil(most / step) * step);
  const lines = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => low + i * step);
  return { low, high, lines, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

/** Of all charts, so that they can be compared; null without a value. */
function axisOfAll(charts: readonly Chart[]): Axis | null {
  const values = charts
    .flatMap(({ ticks }) => ticks.flatMap(({ arms }) => arms))
    .flatMap(({ mean, deviation, values: own }) =>
      mean === null ? [] : [...own, mean - (deviation ?? 0), mean + (deviation ?? 0)],
    );
  return values.length === 0 ? null : axisOf(values);
}

/** Grey for scratch, which no series is; a colour for each other. */
export function inks({
  initialisations,
  scratch,
}: Pick<ExperimentReportInput, 'initialisations' | 'scratch'>): Map<string, string | null> {
  const others = initialisations.filter((name) => name !== scratch);
  return new Map(
    initialisations.map((name) => [name, name === scratch ? null : css(seriesColour(others.indexOf(name)))]),
  );
}

type Scale = (value: number) => number;

function armMarks(arms: readonly { x: number; arm: ArmSummary }[], y: Scale, ink: string | null): Html {
  const own = ink === null ? ' scratch' : '';
  const stroke = ink === null ? '' : html` stroke="${ink}"`;
  const fill = ink === null ? '' : html` fill="${ink}"`;
  const known = arms.filter(({ arm }) => arm.mean !== null);
  const path = known.map(
    ({ x, arm }, i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y(arm.mean!).toFixed(1)}`,
  );
  const ranges = known.map(({ x, arm }) => {
    if (arm.deviation === null) return '';
    const [low, high] = [arm.mean! - arm.deviation, arm.mean! + arm.deviation];
    return html`<path class="range${own}"${stroke} d="M${x.toFixed(1)} ${y(low).toFixed(1)}V${y(high).toFixed(1)}"/>`;
  });
  const dots = known.flatMap(({ x, arm }) =>
    arm.values.map(
      (value) =>
        html`<circle class="one${own}"${fill} cx="${x.toFixed(1)}" cy="${y(value).toFixed(1)}" r="2.6"/>`,
    ),
  );
  const means = known.map(
    ({ x, arm }) =>
      html`<circle class="middle${own}"${fill} cx="${x.toFixed(1)}" cy="${y(arm.mean!).toFixed(1)}" r="4.2"/>`,
  );
  return html`${ranges}<path class="line${own}"${stroke} d="${path.join('')}"/>${dots}${means}`;
}

function chartFigure(
  { title, axis, ticks }: Chart,
  { low, high, lines, digits }: Axis,
  main: RecordedResult,
  input: ExperimentReportInput,
): Html {
  const y: Scale = (v) => frame.bottom - ((v - low) / (high - low)) * (frame.bottom - frame.top);
  const gap = (frame.right - frame.left) / ticks.length;
  const x = (i: number): number => frame.left + (i + 0.5) * gap;
  const grid = lines.map(
    (v) =>
      html`<path d="M${frame.left} ${y(v).toFixed(1)}H${frame.right}"/><text x="${frame.left - 8}" y="${(y(v) + 4).toFixed(1)}" text-anchor="end">${fixed(v, digits)}</text>`,
  );
  const names = ticks.map(
    ({ label }, i) =>
      html`<text x="${x(i).toFixed(1)}" y="${frame.bottom + 18}" text-anchor="middle">${label}</text>`,
  );
  const ink = inks(input);
  const count = input.initialisations.length;
  const shift = Math.min(9, (0.6 * gap) / count);
  const series = input.initialisations.map((name, a) =>
    armMarks(
      ticks.map((tick, i) => ({ x: x(i) + (a - (count - 1) / 2) * shift, arm: tick.arms[a]! })),
      y,
      ink.get(name) ?? null,
    ),
  );
  return html`<figure class="spread"><figcaption>${title}</figcaption><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${main.title} by ${axis}, ${title}; the numbers are in the tables below">
<g class="grid">${grid}</g>${names}<text x="${((frame.left + frame.right) / 2).toFixed(1)}" y="${height - 6}" text-anchor="middle">${axis}</text>${series}</svg></figure>`;
}

/** One chart for each count of steps by labelled subjects, and one for each count of subjects by steps. */
function charts(input: ExperimentReportInput, key: string): { labelled: Chart[]; steps: Chart[] } {
  const { labelled, steps, runs, initialisations } = input;
  const arms = (place: { labelled: number | 'all'; steps: number }): ArmSummary[] =>
    initialisations.map((name) => summarizeArm(runs, name, place, key));
  const byLabelled = steps.map((count) => ({
    title: `${whole(count)} steps`,
    axis: 'labelled subjects',
    ticks: labelled.map((subjects) => ({
      label: String(subjects),
      arms: arms({ labelled: subjects, steps: count }),
    })),
  }));
  const bySteps = labelled.map((subjects) => ({
    title: `${subjects} labelled`,
    axis: 'steps of fine-tuning',
    ticks: steps.map((count) => ({ label: whole(count), arms: arms({ labelled: subjects, steps: count }) })),
  }));
  return { labelled: byLabelled, steps: steps.length > 1 ? bySteps : [] };
}

/** The main figure over the grid. */
export function gridSection(input: ExperimentReportInput, main: RecordedResult): Html {
  const { labelled, steps } = charts(input, main.key);
  const range = axisOfAll([...labelled, ...steps]);
  if (!range) return html``;
  const legend = [...inks(input)].map(
    ([name, ink]) => html`<li><i${ink === null ? '' : html` style="background:${ink}"`}></i>${name}</li>`,
  );
  const grid = (some: readonly Chart[]): Html =>
    html`<div class="grids">${some.map((chart) => chartFigure(chart, range, main, input))}</div>`;
  return html`<section><h2>${main.title}</h2><p>A large dot is the mean over seeds, a small one a seed (mean over its pretrainings), a bar one standard deviation to each side; every value is a mean over the test subjects. ${main.better === 'higher' ? 'Higher' : 'Lower'} is better.</p>
<ul class="legend">${legend}</ul>${grid(labelled)}${steps.length > 0 ? html`<h3>By length of fine-tuning</h3>${grid(steps)}` : ''}</section>`;
}
