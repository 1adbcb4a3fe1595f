/** @file Curves of several runs over one another: losses while training, losses and figures of validations. */
import { type ComparedRun, letterOf } from '../results/compare.ts';
import { curveColumns, type LossKey } from './curves.ts';
import type { Plot, PlotSeries } from './plots.ts';

/** Variables of the style: as many colours as there are, then from the first again. */
export const runColours = 8;
export const colourOf = (place: number): `--${string}` => `--run-${place % runColours}`;

/** Of another length than the colours, so that the two together come again late. */
const dashes: readonly (readonly number[])[] = [[], [8, 4], [3, 3], [12, 3, 2, 3], [5, 2]];
export const dashOf = (place: number): readonly number[] => dashes[place % dashes.length]!;

type Curve = ReadonlyMap<number, number | null>;

const has = (curve: Curve): boolean => [...curve.values()].some((value) => value !== null);

/** A plot of those runs that have such a curve; null where none has. */
function plotOf(
  title: string,
  axis: Plot['axis'],
  curves: readonly Curve[],
  points: boolean,
  runs: readonly ComparedRun[],
): Plot | null {
  const shown = curves.flatMap((curve, place) => (has(curve) ? [{ curve, place }] : []));
  if (shown.length === 0) return null;
  const steps = [...new Set(shown.flatMap(({ curve }) => [...curve.keys()]))].sort((a, b) => a - b);
  const series = shown.map(({ place }): PlotSeries => {
    const [letter, dash] = [letterOf(place), dashOf(place)];
    const line = { colour: colourOf(place), width: 2, ...(dash.length > 0 && { dash }), points };
    return { label: `${letter} ${runs[place]!.name}`, ...line, letter };
  });
  const missing = runs.length - shown.length;
  return {
    title,
    about: `${title} over training steps, of ${shown.map(({ place }) => letterOf(place)).join(', ')}${missing > 0 ? '; the others have none' : ''}`,
    axis,
    series,
    data: [steps, ...shown.map(({ curve }) => steps.map((step) => curve.get(step) ?? null))],
  };
}

/** Columns of losses that some run has, the total first; of those that are the total in every run nothing is shown. */
function lossKeys(runs: readonly ComparedRun[]): LossKey[] {
  const rows = runs.flatMap(({ metrics, validation }) => [...metrics, ...validation]);
  const keys = new Set(rows.flatMap((row) => Object.keys(row).filter((key) => key.endsWith('Loss'))));
  const own = [...keys].filter((key) =>
    rows.some((row) => {
      const value = row[key as LossKey];
      return value !== undefined && value !== row.loss;
    }),
  );
  return ['loss', ...(own as LossKey[])];
}

const lossTitle = (key: LossKey): string =>
  key === 'loss' ? 'Total loss' : `Loss of ${key.replace(/Loss$/, '')}`;

function lossPlots(runs: readonly ComparedRun[], key: LossKey): (Plot | null)[] {
  const columns = runs.map(({ metrics, validation }) => curveColumns(metrics, validation, key));
  const curves = (place: 2 | 3): Curve[] =>
    columns.map((own) => new Map(own[0].map((step, i) => [step, own[place][i]!] as const))).map(withoutNulls);
  const title = lossTitle(key);
  return [
    plotOf(`${title}, training (running mean)`, 'logarithmic', curves(2), false, runs),
    plotOf(`${title}, validation`, 'logarithmic', curves(3), true, runs),
  ];
}

const withoutNulls = (curve: Curve): Curve => new Map([...curve].filter(([, value]) => value !== null));

/** Runs of other tasks have other figures, which share no axis. */
function figurePlots(runs: readonly ComparedRun[]): (Plot | null)[] {
  const kinds = [...new Set(runs.map(({ tasks }) => tasks.join(', ')))];
  return kinds.map((kind) => {
    const curves = runs.map(({ tasks, validation }): Curve => {
      const rows = tasks.join(', ') === kind ? validation : [];
      return new Map(
        rows.flatMap(({ step, figure }) => (typeof figure === 'number' ? [[step, figure]] : [])),
      );
    });
    return plotOf(`Figure that chooses the weights (${kind}), validation`, 'linear', curves, true, runs);
  });
}

/** Every curve that some run has. */
export const overlaidPlots = (runs: readonly ComparedRun[]): Plot[] =>
  [...lossKeys(runs).flatMap((key) => lossPlots(runs, key)), ...figurePlots(runs)].filter(
    (plot) => plot !== null,
  );
