/** @file The lab's results as tables. */
import { formatTable } from '../../src/commands/table.ts';
import { cellText, legend } from './cells.ts';
import type { GpulabResults, PipelineRow, StepRow } from './results.ts';
import { type TargetName, targets } from './targets.ts';

/** Kernels of a step that are listed. */
const KERNELS = 8;

/** A row a pipeline, a column a device. */
export function pipelineTable(rows: readonly PipelineRow[], devices: readonly TargetName[]): string {
  return formatTable(
    [
      { title: 'pipeline', cell: ({ pipeline }: PipelineRow) => pipeline },
      { title: 'steps', cell: ({ steps }: PipelineRow) => steps.join() || 'none' },
      ...devices.map((device) => ({
        title: targets[device].title,
        cell: (row: PipelineRow) => {
          const cell = row.devices[device];
          return cell ? cellText(cell) : null;
        },
      })),
    ],
    rows,
  );
}

const stepName = ({ network, precision, batch }: StepRow): string => `${network} (${batch}) ${precision}`;

/** A row a step and device: how its products fill the device, and the model's time. */
export function stepTable(rows: readonly StepRow[]): string {
  return formatTable(
    [
      { title: 'step', cell: stepName },
      { title: 'device', cell: ({ device }) => targets[device].title },
      { title: 'launches', cell: ({ launches }) => launches },
      { title: 'planned MB', cell: ({ plannedMB }) => plannedMB },
      { title: 'products', cell: ({ width }) => width.products },
      {
        title: 'that fill it',
        cell: ({ width, device }) => `${width.filling} (≥ ${targets[device].hardware.units} groups)`,
      },
      { title: 'share', cell: ({ width }) => `${Math.round((100 * width.filling) / width.products)} %` },
      { title: 'least', cell: ({ width }) => width.least },
      { title: 'GFLOP', cell: ({ gflop }) => gflop },
      { title: 'GB', cell: ({ gbytes }) => gbytes },
      { title: 'model ms', cell: ({ modelMs }) => modelMs },
    ],
    rows,
  );
}

/** The dearest kernels of a step by the model. */
export function kernelTable(step: StepRow): string {
  return formatTable(
    [
      { title: `${stepName(step)} on ${targets[step.device].title}`, cell: ({ label }) => label },
      { title: 'launches', cell: ({ launches }) => launches },
      { title: 'model ms', cell: ({ ms }) => ms },
      { title: '%', cell: ({ ms }) => Math.round((100 * ms) / step.modelMs) },
      { title: 'bound by', cell: ({ bound }) => bound },
    ],
    step.kernels.slice(0, KERNELS),
  );
}

function problemLines({ problems }: GpulabResults, byItself: boolean): string[] {
  const chosen = problems.filter((one) => one.byItself === byItself);
  return chosen.map(({ device, pipeline, what }) => `  ${targets[device].title}: ${pipeline}: ${what}`);
}

/** What counts against the kernels, and what was only tried. */
export function problemText(results: GpulabResults): string {
  const [own, tried] = [problemLines(results, true), problemLines(results, false)];
  return [
    own.length > 0
      ? 'Spills and refusals in what a device runs by itself:'
      : 'What a device runs by itself: no spill, no refusal.',
    ...own,
    ...(tried.length > 0 ? ['In what is only tried:', ...tried] : []),
  ].join('\n');
}

/** All of it. */
export function report(results: GpulabResults, only: string): string {
  const { devices, steps, pipelines } = results;
  const names = devices.map(({ device }) => device);
  const shown = pipelines.filter(({ pipeline }) => pipeline.includes(only));
  const heads = devices.map(({ device, id, adapter, driver, pipelines: count, skipped }) => {
    const left = skipped.length > 0 ? `; left out: ${skipped.join(', ')}` : '';
    return `${targets[device].title} (${id}): ${adapter}, ${driver}, ${count} pipelines${left}`;
  });
  return [
    heads.join('\n'),
    `Compiled, not run. ${legend}\n${pipelineTable(shown, names)}`,
    `Times are a model's, not measured.\n${stepTable(steps)}`,
    ...steps.map(kernelTable),
    problemText(results),
  ].join('\n\n');
}
