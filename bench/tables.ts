/** @file Results as tables. */
import type { ProfileRow } from '../src/autograd/profile.ts';
import { formatTable } from '../src/commands/table.ts';
import type { BackboneRow } from './backbones.ts';
import type { ConvolutionRow } from './convolution.ts';
import type { FeedingRow } from './feeding.ts';
import { type Model, modelledKernelMs, modelledMs } from './model.ts';
import type { ConfigName } from './network.ts';
import type { PageRow } from './page.ts';
import { lossDifference } from './peers.ts';
import type { RooflineRow } from './roofline.ts';
import type { StartupRow } from './startup.ts';
import type { StepRow } from './steps.ts';
import type { StoreResults } from './store.ts';
import type { VolumeRow, Volumes } from './volumes.ts';
import type { WayFailure, WayRow, Ways } from './ways.ts';

/** Three significant digits, as a number so that columns align to the right. */
function short(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

const megabytes = (bytes: number | undefined): number | null =>
  bytes === undefined ? null : short(bytes / 2 ** 20);

export function rooflineTable(rows: readonly RooflineRow[]): string {
  return formatTable(
    [
      { title: 'roofline', cell: ({ what }) => what },
      { title: 'median', cell: ({ rate }) => short(rate) },
      { title: 'best', cell: ({ best }) => short(best) },
      { title: 'by CPU time', cell: ({ byCpu }) => byCpu && short(byCpu) },
      { title: '', cell: ({ unit }) => unit },
    ],
    rows,
  );
}

/** One line a shape; of each direction the rate and the variant. */
export function convolutionTable(rows: readonly ConvolutionRow[]): string {
  const at = (row: ConvolutionRow, direction: ConvolutionRow['direction']) =>
    rows.find(
      (other) =>
        other.direction === direction &&
        other.side === row.side &&
        other.batch === row.batch &&
        other.channelsIn === row.channelsIn &&
        other.channelsOut === row.channelsOut,
    )!;
  const column = (title: string, direction: ConvolutionRow['direction']) => [
    { title, cell: (row: ConvolutionRow) => short(at(row, direction).ms) },
    { title: 'GFLOP/s', cell: (row: ConvolutionRow) => short(at(row, direction).gflops) },
    { title: 'best', cell: (row: ConvolutionRow) => short(at(row, direction).bestGflops) },
    { title: 'variant', cell: (row: ConvolutionRow) => at(row, direction).variant },
  ];
  return formatTable(
    [
      { title: '3×3 convolution', cell: (r) => `${r.channelsIn}→${r.channelsOut} @${r.side} (${r.batch})` },
      ...column('forward ms', 'forward'),
      ...column('dx ms', 'input gradient'),
      ...column('dw ms', 'weight gradient'),
    ],
    rows.filter(({ direction }) => direction === 'forward'),
  );
}

/** The configuration, with its batch where that is not the same for all. */
const nameOf = ({ config, batch }: StepRow | FeedingRow): string =>
  config === 'zhang2024' ? `${config} (${batch})` : config;

export function stepTable(rows: readonly StepRow[]): string {
  return formatTable(
    [
      { title: 'train step', cell: nameOf },
      { title: 'engine', cell: ({ engine }) => engine },
      { title: 'median ms', cell: ({ medianMs }) => short(medianMs) },
      { title: 'min ms', cell: ({ minMs }) => short(minMs) },
      { title: 'CPU ms', cell: ({ cpuMs }) => short(cpuMs) },
      { title: 'JS ms', cell: ({ jsMs }) => (jsMs === null ? null : short(jsMs)) },
      { title: 'dispatches', cell: ({ facts }) => facts.dispatches ?? null },
      { title: 'submits', cell: ({ facts }) => facts.submits ?? null },
      { title: 'planned MB', cell: ({ facts }) => megabytes(facts.plannedBytes) },
      { title: 'unplanned MB', cell: ({ facts }) => megabytes(facts.unplannedBytes) },
      { title: 'first step after ms', cell: ({ firstMs }) => short(firstMs) },
    ],
    rows,
  );
}

/** Engines that took turns, each beside planewise in f32. */
export function engineTable(rows: readonly StepRow[]): string {
  const ours = (row: StepRow) => rows.find((o) => o.config === row.config && o.engine === 'planewise')!;
  return formatTable(
    [
      { title: 'train step', cell: nameOf },
      { title: 'engine', cell: ({ engine }) => engine },
      { title: 'median ms', cell: ({ medianMs }) => short(medianMs) },
      { title: 'min ms', cell: ({ minMs }) => short(minMs) },
      { title: 'CPU ms', cell: ({ cpuMs }) => short(cpuMs) },
      { title: 'steps', cell: ({ steps }) => steps },
      { title: 'times planewise', cell: (row) => short(row.medianMs / ours(row).medianMs) },
      { title: 'by CPU time', cell: (row) => short(row.cpuMs / ours(row).cpuMs) },
      { title: 'first step after ms', cell: ({ firstMs }) => short(firstMs) },
      { title: 'loss differs by', cell: (row) => lossDifference(row, ours(row)).toExponential(0) },
    ],
    rows,
  );
}

export function startupTable(rows: readonly StartupRow[]): string {
  const stages = ['node', 'modules', 'device', 'capture', 'step', 'total'] as const;
  return formatTable(
    [
      { title: 'first step, ms', cell: ({ config }) => config },
      { title: 'driver caches', cell: ({ cache }) => cache },
      ...stages.map((stage) => ({ title: stage, cell: (row: StartupRow) => Math.round(row[stage]) })),
    ],
    rows,
  );
}

export function feedingTable(rows: readonly FeedingRow[]): string {
  return formatTable(
    [
      { title: 'feeding', cell: nameOf },
      { title: 'fixed batch ms', cell: ({ fixedMs }) => short(fixedMs) },
      { title: 'with loader ms', cell: ({ loaderMs }) => short(loaderMs) },
      { title: 'ratio', cell: ({ ratio }) => Number(ratio.toFixed(3)) },
      { title: 'CPU ms', cell: ({ fixedCpuMs }) => short(fixedCpuMs) },
      { title: 'with loader', cell: ({ loaderCpuMs }) => short(loaderCpuMs) },
      { title: 'making a batch ms', cell: ({ batchMs }) => short(batchMs) },
    ],
    rows,
  );
}

/** Measured by modelled milliseconds; null where there is no model. */
const byModel = (ms: number, modelled: number | null): number | null => modelled && short(ms / modelled);

/** An engine's step in a line, or why there is none. */
export function wayLine(found: WayRow | WayFailure): string {
  if ('reason' in found) return `${found.config}, ${found.engine}: FAILED ${found.reason}`;
  return `${nameOf(found)}, ${found.engine}: ${short(found.medianMs)} ms, ${found.steps} steps`;
}

/** Steps of every engine, beside planewise's in f32 and what the lab's model says. */
export function waysTable({ rows, failures, noTorch }: Ways, model: Model | null): string {
  const ours = (row: WayRow) => rows.find((o) => o.config === row.config && o.engine === 'planewise');
  const modelled = ({ config, precision, batch }: WayRow) =>
    precision && modelledMs(model, config, precision, batch);
  const table = formatTable(
    [
      { title: 'train step', cell: nameOf },
      { title: 'engine', cell: ({ engine }: WayRow) => engine },
      { title: 'measured ms', cell: ({ medianMs }) => short(medianMs) },
      { title: 'min ms', cell: ({ minMs }) => short(minMs) },
      { title: 'steps', cell: ({ steps }) => steps },
      { title: 'MODELLED ms', cell: modelled },
      { title: 'measured / modelled', cell: (row) => byModel(row.medianMs, modelled(row)) },
      { title: 'times planewise', cell: (row) => byModel(row.medianMs, ours(row)?.medianMs ?? null) },
      { title: 'loss differs by', cell: (row) => difference(row, ours(row)) },
      { title: 'first step after ms', cell: ({ firstMs }) => short(firstMs) },
      { title: 'planned or peak MB', cell: ({ facts }) => megabytes(facts.peakBytes ?? facts.plannedBytes) },
    ],
    rows,
  );
  const source = model
    ? `MODELLED is the lab's (${model.source}), never measured.`
    : 'The lab has no model of this adapter.';
  const failed = failures.map((one) => wayLine(one).split('\n', 1)[0]!);
  return [table, source, ...(noTorch ? [noTorch] : []), ...failed].join('\n');
}

const difference = (row: WayRow, ours: WayRow | undefined): string | null =>
  ours ? lossDifference(row, ours).toExponential(0) : null;

export function profileTable(
  config: ConfigName,
  rows: readonly ProfileRow[],
  model: Model | null = null,
): string {
  const modelled = ({ label }: ProfileRow) => modelledKernelMs(model, config, 'f32', label);
  const modelColumns = [
    { title: 'MODELLED ms', cell: modelled },
    { title: 'measured / modelled', cell: (row: ProfileRow) => byModel(row.ms, modelled(row)) },
  ];
  return formatTable(
    [
      { title: `kernel (${config})`, cell: ({ label }) => label },
      { title: 'launches', cell: ({ launches }) => launches },
      { title: 'ms', cell: ({ ms }) => short(ms) },
      { title: '%', cell: ({ share }) => Number((100 * share).toFixed(1)) },
      ...(model ? modelColumns : []),
    ],
    rows,
  );
}

/** How many kernels of a step are shown. */
const SHOWN_KERNELS = 12;

/** Engines that took turns on volumes, then the widest network's step by kernel. */
export function volumesTable({ rows, profile }: Volumes): string {
  const ours = ({ width }: VolumeRow) =>
    rows.find((row) => row.width === width && row.engine === 'planewise')!;
  const engines = formatTable(
    [
      { title: '32³, batch 2', cell: ({ width }) => `widths from ${width}` },
      { title: 'engine', cell: ({ engine }) => engine },
      { title: 'median ms', cell: ({ medianMs }) => short(medianMs) },
      { title: 'min ms', cell: ({ minMs }) => short(minMs) },
      { title: 'CPU ms', cell: ({ cpuMs }) => short(cpuMs) },
      { title: 'times planewise', cell: (row) => short(row.medianMs / ours(row).medianMs) },
      { title: 'by CPU time', cell: (row) => short(row.cpuMs / ours(row).cpuMs) },
      { title: 'loss differs by', cell: (row) => lossDifference(row, ours(row)).toExponential(0) },
    ],
    rows,
  );
  const kernels = formatTable(
    [
      { title: 'kernel (volumes)', cell: ({ label }) => label },
      { title: 'launches', cell: ({ launches }) => launches },
      { title: 'ms', cell: ({ ms }) => short(ms) },
      { title: '%', cell: ({ share }) => Number((100 * share).toFixed(1)) },
    ],
    profile.slice(0, SHOWN_KERNELS),
  );
  return `${engines}\n\n${kernels}`;
}

export function backbonesTable(rows: readonly BackboneRow[]): string {
  const ours = ({ network }: BackboneRow) =>
    rows.find((row) => row.network === network && row.engine === 'planewise')!;
  return formatTable(
    [
      { title: '224 px, batch 1', cell: ({ network }) => network },
      { title: 'weights', cell: ({ parameters }) => parameters },
      { title: 'engine', cell: ({ engine }) => engine },
      { title: 'median ms', cell: ({ medianMs }) => short(medianMs) },
      { title: 'min ms', cell: ({ minMs }) => short(minMs) },
      { title: 'CPU ms', cell: ({ cpuMs }) => short(cpuMs) },
      { title: 'times planewise', cell: (row) => short(row.medianMs / ours(row).medianMs) },
      { title: 'by CPU time', cell: (row) => short(row.cpuMs / ours(row).cpuMs) },
      { title: 'peak MiB', cell: ({ peakBytes }) => megabytes(peakBytes) },
      { title: 'within the step MiB', cell: ({ stepBytes }) => megabytes(stepBytes) },
      { title: 'loss differs by', cell: (row) => lossDifference(row, ours(row)).toExponential(0) },
    ],
    rows,
  );
}

export function storeTable({ rows, streamed, inMemory }: StoreResults): string {
  const table = formatTable(
    [
      { title: 'images', cell: ({ images }) => images },
      { title: 'MB', cell: ({ megabytes }) => short(megabytes) },
      { title: 'preparing MiB at most', cell: ({ preparerMiB }) => short(preparerMiB) },
      { title: 'writing s', cell: ({ writtenSeconds }) => short(writtenSeconds) },
      { title: 'MiB at most', cell: ({ writerMiB }) => short(writerMiB) },
      { title: 'training s', cell: ({ seconds }) => short(seconds) },
      { title: 'MiB at most', cell: ({ trainerMiB }) => short(trainerMiB) },
    ],
    rows,
  );
  const rates = (all: readonly number[]): string => all.map((rate) => rate.toFixed(1)).join(', ');
  return `${table}\n\nimages/s read as asked for: ${rates(streamed)}; in memory: ${rates(inMemory)}`;
}

export function pageTable(rows: readonly PageRow[]): string {
  const inNode = rows.find(({ where }) => where === 'Node')!;
  return formatTable(
    [
      { title: 'training', cell: ({ where }) => where },
      { title: 'steps/s', cell: ({ stepsPerSecond }) => short(stepsPerSecond) },
      { title: 'rounds', cell: ({ rounds }) => rounds.map((rate) => rate.toFixed(2)).join(', ') },
      { title: 'of Node', cell: (row) => short(row.stepsPerSecond / inNode.stepsPerSecond) },
    ],
    rows,
  );
}
