/** @file What a run of the lab leaves: short enough to be read in a diff. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigName } from '../../bench/network.ts';
import { type Cell, cellOf, cellText, legend } from './cells.ts';
import type { Compilation } from './lab.ts';
import { type KernelTime, modelOf, type Width, widthOf } from './model.ts';
import { type PrecisionName, precisions } from './precisions.ts';
import { rounded } from './rounded.ts';
import { type TargetName, targets } from './targets.ts';
import { type Problem, problemsOf } from './verdict.ts';

export interface PipelineRow {
  readonly pipeline: string;
  /** Precisions in whose steps it is; none: it is an entry point that no step has. */
  readonly steps: readonly PrecisionName[];
  readonly devices: Partial<Record<TargetName, Cell>>;
}

export interface StepRow {
  readonly device: TargetName;
  readonly network: ConfigName;
  readonly precision: PrecisionName;
  readonly byItself: boolean;
  readonly batch: number;
  readonly launches: number;
  readonly plannedMB: number;
  readonly width: Width;
  /** Of the model. */
  readonly modelMs: number;
  readonly gflop: number;
  readonly gbytes: number;
  readonly kernels: readonly KernelTime[];
}

export interface DeviceRow {
  readonly device: TargetName;
  readonly id: string;
  /** As Dawn and the driver call it. */
  readonly adapter: string;
  readonly driver: string;
  readonly modelledAs: string;
  readonly pipelines: number;
  readonly skipped: readonly string[];
}

export interface GpulabResults {
  readonly date: string;
  readonly commit: string;
  readonly toggles: readonly string[];
  readonly devices: readonly DeviceRow[];
  readonly steps: readonly StepRow[];
  readonly problems: readonly Problem[];
  readonly pipelines: readonly PipelineRow[];
}

/** Every pipeline once, by name. */
export function pipelineRows(compilations: readonly Compilation[]): PipelineRow[] {
  const names = new Set(compilations.flatMap(({ pipelines }) => pipelines.map(({ name }) => name)));
  const uses = new Map<string, Set<PrecisionName>>([...names].map((name) => [name, new Set()]));
  for (const { precision, launches } of compilations.flatMap(({ steps }) => steps))
    for (const { pipeline } of launches) uses.get(pipeline)?.add(precision);
  return [...names].sort().map((name) => {
    const cells = compilations.flatMap(({ device, pipelines }) => {
      const found = pipelines.find((one) => one.name === name);
      return found ? [[device, cellOf(found)] as const] : [];
    });
    return { pipeline: name, steps: [...uses.get(name)!], devices: Object.fromEntries(cells) };
  });
}

function stepRows({ device, steps, pipelines }: Compilation): StepRow[] {
  const byName = new Map(pipelines.map((one) => [one.name, one]));
  const { hardware } = targets[device];
  return steps.map(({ network, precision, batch, plannedBytes, launches }) => {
    const { ms, gflop, gbytes, kernels } = modelOf(launches, (name) => byName.get(name)!, hardware);
    return {
      device,
      network,
      precision,
      byItself: precisions[precision].byItself,
      batch,
      launches: launches.length,
      plannedMB: rounded(plannedBytes / 2 ** 20),
      width: widthOf(launches, hardware),
      modelMs: rounded(ms),
      gflop: rounded(gflop, 4),
      gbytes: rounded(gbytes),
      kernels: kernels.map((kernel) => ({ ...kernel, ms: rounded(kernel.ms) })),
    };
  });
}

const deviceRow = ({ device, adapter, driver, pipelines, skipped }: Compilation): DeviceRow => ({
  device,
  id: targets[device].id,
  adapter,
  driver,
  modelledAs: targets[device].hardware.card,
  pipelines: pipelines.length,
  skipped,
});

export function resultsOf(
  compilations: readonly Compilation[],
  { commit, toggles }: Pick<GpulabResults, 'commit' | 'toggles'>,
): GpulabResults {
  return {
    date: new Date().toISOString(),
    commit,
    toggles,
    devices: compilations.map(deviceRow),
    steps: compilations.flatMap(stepRows),
    problems: compilations.flatMap(problemsOf),
    pipelines: pipelineRows(compilations),
  };
}

/** Of a step's kernels those above 1 %: launches, ms, what bounds most of them. */
function shortStep({ kernels, ...step }: StepRow): object {
  const dear = kernels.filter(({ ms }) => ms >= step.modelMs / 100);
  const short = dear.map(({ label, launches, ms, bound }) => [label, `${launches}×, ${ms} ms, ${bound}`]);
  return { ...step, kernels: Object.fromEntries(short) };
}

function shortPipeline({ pipeline, steps, devices }: PipelineRow): object {
  const cells = Object.entries(devices).map(([device, cell]) => [device, cellText(cell)]);
  return { pipeline, steps: steps.join(), ...Object.fromEntries(cells) };
}

/** The results as JSON with a line for each device, step, problem and pipeline. */
export function jsonOf({ devices, steps, problems, pipelines, ...rest }: GpulabResults): string {
  const lines = { devices, steps: steps.map(shortStep), problems, pipelines: pipelines.map(shortPipeline) };
  const entries = [
    ...Object.entries({ ...rest, legend }).map(([name, value]) => [name, JSON.stringify(value)]),
    ...Object.entries(lines).map(([name, rows]) => [
      name,
      `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n ]`,
    ]),
  ];
  return `{\n${entries.map(([name, text]) => ` "${name}": ${text}`).join(',\n')}\n}\n`;
}

/** Keeps results in a file of their day. */
export function save(results: GpulabResults, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `gpulab-${results.date.slice(0, 10)}.json`);
  writeFileSync(file, jsonOf(results));
  return file;
}
