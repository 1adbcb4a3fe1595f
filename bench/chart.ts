/** @file Draws the results kept in bench/results: an SVG of ratios for the README, and its table as markdown. */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { newestResults, type Results, shortAdapter } from './results.ts';
import type { StepRow } from './steps.ts';

const picture = fileURLToPath(new URL('../../docs/pictures/bench.svg', import.meta.url));

/** One engine's step beside planewise's of the same run. */
export interface Bar {
  readonly engine: string;
  readonly ms: number;
  /** Times planewise's time. */
  readonly ratio: number;
}

/** Engines that took turns on one adapter in one configuration, planewise first. */
export interface Group {
  readonly adapter: string;
  readonly config: string;
  readonly bars: readonly Bar[];
}

function groupsOf(adapter: string, rows: readonly StepRow[]): Group[] {
  const names = [...new Set(rows.map(({ config }) => config))];
  return names.map((config) => {
    const here = rows.filter((row) => row.config === config);
    const ours = here.find(({ engine }) => engine === 'planewise')!;
    const bars = here.map(({ engine, medianMs }) => ({
      engine,
      ms: medianMs,
      ratio: medianMs / ours.medianMs,
    }));
    return { adapter, config, bars };
  });
}

/** By adapter and configuration: WebGPU's other engines, and PyTorch, each against planewise in the same turns. */
export function chartGroups(all: readonly Results[]): { readonly peers: Group[]; readonly torch: Group[] } {
  const peers = all.flatMap(({ adapter, peers = [] }) => groupsOf(shortAdapter(adapter), peers));
  const torch = all.flatMap(({ adapter, torch }) =>
    torch && 'rows' in torch ? groupsOf(shortAdapter(adapter), torch.rows) : [],
  );
  return { peers, torch };
}

const WIDTH = 720;
const LABEL = 190;
const RIGHT = 150;
const ROW = 22;
const BAR = 12;
const GAP = 16;
const TITLE = 26;

const style = `
  text { font: 13px system-ui, sans-serif; fill: #57606a; }
  .title { font-weight: 600; fill: #24292f; }
  .ours { fill: #0f7c8a; }
  .other { fill: #b4bcc6; }
  .value { font-variant-numeric: tabular-nums; }
  .own { font-weight: 600; fill: #24292f; }
  .axis { stroke: #d0d7de; }
  @media (prefers-color-scheme: dark) {
    text { fill: #9aa4b0; }
    .title, .own { fill: #e6edf3; }
    .ours { fill: #3fb6c4; }
    .other { fill: #545d68; }
    .axis { stroke: #30363d; }
  }`;

/** 60.3 → `60 ms`, 1234 → `1.2 s`. */
function duration(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(0)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms >= 10 ? ms.toFixed(0) : ms.toFixed(1)} ms`;
}

const times = (ratio: number): string => `${ratio >= 9.95 ? ratio.toFixed(0) : ratio.toFixed(1)}×`;

/** Bars of one group from `y` down, all on the scale of the longest bar of its chart. */
function drawGroup({ adapter, config, bars }: Group, y: number, longest: number): string {
  const space = WIDTH - LABEL - RIGHT;
  const rows = bars.map(({ engine, ms, ratio }, i) => {
    const own = engine === 'planewise';
    const [top, width] = [y + TITLE + i * ROW, Math.max(2, (ratio / longest) * space)];
    const middle = top + BAR / 2 + 4.5;
    const value = own ? duration(ms) : `${duration(ms)}, ${times(ratio)}`;
    const kind = own ? 'own' : '';
    return [
      `<text x="${LABEL - 12}" y="${middle}" text-anchor="end" class="${kind}">${engine}</text>`,
      `<rect x="${LABEL}" y="${top}" width="${width.toFixed(1)}" height="${BAR}" rx="2" class="${own ? 'ours' : 'other'}"/>`,
      `<text x="${(LABEL + width + 8).toFixed(1)}" y="${middle}" class="value ${kind}">${value}</text>`,
    ].join('\n');
  });
  const bottom = y + TITLE + bars.length * ROW - (ROW - BAR) + 3;
  return [
    `<text x="${LABEL}" y="${y + 13}" class="title">${adapter}, ${config}</text>`,
    `<line x1="${LABEL - 0.5}" x2="${LABEL - 0.5}" y1="${y + TITLE - 3}" y2="${bottom}" class="axis"/>`,
    ...rows,
  ].join('\n');
}

/** Time of a train step as bars, relative to planewise in the same turns. */
export function chartSvg(groups: readonly Group[]): string {
  const longest = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ ratio }) => ratio)));
  let y = 8;
  const drawn = groups.map((group) => {
    const text = drawGroup(group, y, longest);
    y += TITLE + group.bars.length * ROW + GAP;
    return text;
  });
  const size = `width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}"`;
  const label = 'Time of a train step of planewise and of other engines on the same adapter';
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${label}">
<style>${style}</style>
${drawn.join('\n')}
</svg>
`;
}

/** A line an adapter and configuration; engines in columns, milliseconds and how many times planewise's. */
export function chartTable(groups: readonly Group[]): string {
  const engines = [...new Set(groups.flatMap(({ bars }) => bars.map(({ engine }) => engine)))];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rows = groups.map(({ adapter, config, bars }) => [
    adapter,
    config,
    ...engines.map((engine) => {
      const bar = bars.find((one) => one.engine === engine);
      if (!bar) return '–';
      return engine === 'planewise' ? duration(bar.ms) : `${duration(bar.ms)} (${times(bar.ratio)})`;
    }),
  ]);
  const head = ['adapter', 'step', ...engines];
  return [head, head.map(() => '---'), ...rows].map(line).join('\n');
}

/** Writes docs/pictures/bench.svg; gives the README's tables. */
export async function drawChart(): Promise<string> {
  const results = await newestResults();
  const { peers, torch } = chartGroups(results);
  if (peers.length + torch.length === 0)
    throw new Error(
      'bench/results holds no turns of engines. Run `npm run bench -- peers torch --save` first.',
    );
  await mkdir(fileURLToPath(new URL('.', `file://${picture}`)), { recursive: true });
  await writeFile(picture, chartSvg([...peers, ...torch]));
  const sources = results.map(
    ({ adapter, date, host }) =>
      `${adapter}: ${date.slice(0, 10)}, ${host.cores} cores of ${host.cpu}, Node ${host.node}`,
  );
  const tables = [peers, torch].filter(({ length }) => length > 0).map(chartTable);
  return [...tables, sources.join('; '), `Drew ${picture}`].join('\n\n');
}
