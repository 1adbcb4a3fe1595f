/** @file The short of it: the kept results of one adapter in a dozen lines. */
import { formatTable } from '../src/commands/table.ts';
import type { Results } from './results.ts';
import type { StepRow } from './steps.ts';

export interface Line {
  readonly what: string;
  readonly value: string;
}

const ms = (value: number): string => `${value >= 100 ? Math.round(value) : value.toPrecision(3)} ms`;

const stepName = ({ config, batch }: StepRow): string => `step ${config}, batch ${batch}`;

function stepLines(rows: readonly StepRow[]): Line[] {
  return rows.map((row) => {
    const { dispatches, submits } = row.facts;
    const what = `${stepName(row)}, ${row.engine}`;
    return { what, value: `${ms(row.medianMs)}, ${dispatches} dispatches, ${submits} submits` };
  });
}

/** Each engine beside planewise of the same turns. */
function ratioLines(rows: readonly StepRow[]): Line[] {
  return rows.flatMap((row) => {
    const ours = rows.find(({ config, engine }) => config === row.config && engine === 'planewise')!;
    if (row === ours) return [];
    const ratio = (ours.medianMs / row.medianMs).toFixed(2);
    const value = `${ms(row.medianMs)}; planewise takes ${ms(ours.medianMs)}, ${ratio} times that`;
    return [{ what: `${stepName(row)}, ${row.engine}`, value }];
  });
}

/** Least and most of a direction over the convolutions of 32 to 128 channels, and of the measured multiply-add rate. */
function kernelLines({ kernels = [], roofline = [] }: Results): Line[] {
  const peak = roofline.find(({ unit }) => unit === 'GFLOP/s')?.rate;
  const ours = kernels.filter(({ channelsIn }) => channelsIn >= 32 && channelsIn <= 128);
  return [...new Set(ours.map(({ direction }) => direction))].map((direction) => {
    const rows = ours.filter((row) => row.direction === direction);
    const rates = rows.map(({ gflops }) => gflops);
    const [least, most] = [Math.min(...rates), Math.max(...rates)];
    const atBest = Math.round(Math.min(...rows.map(({ bestGflops }) => bestGflops)));
    const share = peak
      ? `, ${Math.round((100 * least) / peak)} to ${Math.round((100 * most) / peak)} % of it`
      : '';
    const value = `${Math.round(least)} to ${Math.round(most)} GFLOP/s${share}; at best ${atBest} and more`;
    return { what: `3×3, 32 to 128 channels, ${direction}`, value };
  });
}

/** What was measured, a line each. */
export function summaryLines(results: Results): Line[] {
  const { roofline = [], steps = [], startup = [], feeding = [], memory = [], peers = [], torch } = results;
  return [
    ...roofline.map(({ what, rate, unit }) => ({ what, value: `${Math.round(rate)} ${unit}` })),
    ...kernelLines(results),
    ...stepLines(steps),
    ...startup.map(({ config, cache, total }) => ({
      what: `first step of ${config}, ${cache}`,
      value: ms(total),
    })),
    ...feeding.map(({ config, ratio }) => ({
      what: `loader against fixed batch, ${config}`,
      value: ratio.toFixed(3),
    })),
    ...memory.map((row) => ({
      what: `peak bytes of ${row.config}, batch ${row.batch}, ${row.engine}`,
      value: `${(row.peakBytes / 2 ** 20).toFixed(0)} MB`,
    })),
    ...ratioLines(peers),
    ...(torch && 'rows' in torch ? ratioLines(torch.rows) : []),
    ...(torch && 'skipped' in torch ? [{ what: 'PyTorch', value: torch.skipped }] : []),
  ];
}

export function summaryTable(results: Results): string {
  return formatTable(
    [
      { title: results.adapter, cell: ({ what }) => what },
      { title: results.date.slice(0, 10), cell: ({ value }) => value },
    ],
    summaryLines(results),
  );
}
