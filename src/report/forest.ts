/** @file Differences to scratch as a forest: mean, 95 % interval over seeds, and every seed's own. Plain SVG. */
import { groupBy } from '../data/lists.ts';
import type { Comparison, RecordedResult } from '../results/experiment.ts';
import { signed } from '../results/result.ts';
import type { ExperimentReportInput } from './experiment.ts';
import { counted, type Html, html, whole } from './html.ts';
import { axisOf, inks } from './spread.ts';

const [width, rowHeight, titleHeight] = [760, 26, 30];
const frame = { left: 214, right: 646 };

/** What is drawn in a row; comparisons without a difference have none. */
interface Row {
  readonly one: Comparison;
  readonly mean: number;
  readonly y: number;
}

interface Group {
  readonly title: string;
  readonly y: number;
  readonly rows: readonly Row[];
}

const placeOf = ({ labelled, steps }: Comparison): string => `${labelled} labelled, ${whole(steps)} steps`;

/** By place, in each the best first; below one another. */
function groupsOf(all: readonly Comparison[], better: RecordedResult['better']): Group[] {
  const way = better === 'higher' ? -1 : 1;
  const told = all.filter(({ mean }) => mean !== null);
  let y = 0;
  return [...groupBy(told, placeOf)].map(([title, own]) => {
    const top = y;
    y += titleHeight;
    const sorted = [...own].sort((a, b) => way * (a.mean! - b.mean!));
    const rows = sorted.map((one): Row => {
      y += rowHeight;
      return { one, mean: one.mean!, y: y - rowHeight / 2 };
    });
    return { title, y: top + titleHeight - 10, rows };
  });
}

/** Characters of a name that fit beside the marks. */
const MOST_SHOWN = 29;

/** A name, in the middle left out what has no room; it is read whole where one points. */
function nameText(name: string): Html {
  if (name.length <= MOST_SHOWN) return html`${name}`;
  const kept = (MOST_SHOWN - 1) / 2;
  return html`<title>${name}</title>${name.slice(0, kept)}…${name.slice(-kept)}`;
}

function rowMarks({ one, mean, y }: Row, x: (v: number) => number, ink: string, digits: number): Html {
  const { test, values, wins, seeds, initialisation } = one;
  const at = (v: number): string => x(v).toFixed(1);
  const bar = test
    ? html`<path class="range" stroke="${ink}" d="M${at(test.low)} ${y}H${at(test.high)}"/>`
    : '';
  const dots = values.map((v) => html`<circle class="one" fill="${ink}" cx="${at(v)}" cy="${y}" r="2.4"/>`);
  return html`<text x="${frame.left - 14}" y="${y + 4}" text-anchor="end">${nameText(initialisation)}</text>${bar}${dots}<circle class="middle" fill="${ink}" cx="${at(mean)}" cy="${y}" r="4.6"/><text x="${width}" y="${y + 4}" text-anchor="end">${signed(mean, digits)}, ${whole(wins)} of ${whole(seeds)}</text>`;
}

/** Nothing where no initialisation can be compared. */
export function forestFigure(input: ExperimentReportInput, main: RecordedResult): Html | string {
  const groups = groupsOf(input.comparisons.get(main.key)!, main.better);
  const rows = groups.flatMap((group) => group.rows);
  if (rows.length === 0) return '';
  const ends = rows.flatMap(({ one, mean }) => [
    mean,
    ...one.values,
    one.test?.low ?? 0,
    one.test?.high ?? 0,
  ]);
  const { low, high, lines, digits } = axisOf([0, ...ends]);
  const x = (v: number): number => frame.left + ((v - low) / (high - low)) * (frame.right - frame.left);
  const bottom = rows.at(-1)!.y + rowHeight / 2;
  const grid = lines.map(
    (v) =>
      html`<path d="M${x(v).toFixed(1)} ${titleHeight - 6}V${bottom}"/><text x="${x(v).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${signed(v, digits)}</text>`,
  );
  const ink = inks(input);
  const drawn = groups.map(
    ({ title, y, rows: own }) =>
      html`<text class="place" x="0" y="${y}">${title}</text>${own.map((row) => rowMarks(row, x, ink.get(row.one.initialisation)!, main.digits))}`,
  );
  const about = `${main.title} less ${input.scratch}: mean, interval and each seed of ${counted(rows.length, 'comparison')}; the numbers are in the table below`;
  return html`<figure class="spread forest scroll"><figcaption>Mean, 95 % over seeds, every seed; seeds won</figcaption><svg viewBox="0 0 ${width} ${bottom + 26}" role="img" aria-label="${about}">
<g class="grid">${grid}</g><path class="none" d="M${x(0).toFixed(1)} ${titleHeight - 6}V${bottom}"/>${drawn}</svg></figure>`;
}
