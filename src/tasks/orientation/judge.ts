/** @file Judges heatmaps of lines: fits the lines, measures them, and says what to show of them. */
import type { Sample } from '../../data/sample.ts';
import type { Line } from '../../data/types.ts';
import { viewName } from '../../data/viewnames.ts';
import type { Mark } from '../../results/mark.ts';
import { fixed, type Result } from '../../results/result.ts';
import type { HostOutputs, Judge, Verdict } from '../task.ts';
import { meanLines } from './baseline.ts';
import { type FittedImage, lineErrors, viewErrors } from './errors.ts';
import { heatOf, type LineMaps, readMaps } from './heatmaps.ts';
import { PLANES_NOTE, planeErrors, type StackImage } from './planes.ts';

/** An image of the newest block. */
interface Judged {
  readonly image: FittedImage;
  readonly maps: readonly Float32Array[];
}

/** What is painted lies between 0 and 1. */
const clamped = (map: Float32Array): Float32Array => map.map((value) => Math.min(1, Math.max(0, value)));

export class LineJudge implements Judge {
  readonly #options: LineMaps;
  readonly #trivial: readonly (Line | null)[];
  readonly #images: FittedImage[] = [];
  readonly #stacked: StackImage[] = [];
  #block: readonly Judged[] = [];

  constructor(options: LineMaps, training: readonly Sample[]) {
    this.#options = options;
    this.#trivial = meanLines(training, options.referenceViews.length, options.grid.size);
  }

  add(outputs: HostOutputs, samples: readonly Sample[]): void {
    const read = readMaps(this.#options, outputs, samples.length);
    this.#block = samples.map(({ subject, lines }, row) => {
      const { maps, found } = read[row]!;
      return { image: { subject, truth: lines, fitted: found.map((one) => one?.line ?? null) }, maps };
    });
    this.#images.push(...this.#block.map(({ image }) => image));
    const kept = ({ subject, space, view, plane, lines }: Sample, row: number): StackImage => ({
      ...{ subject, view, plane, lines, found: read[row]!.found },
      ...(space !== undefined && { space }),
    });
    this.#stacked.push(...samples.map(kept));
  }

  marks(row: number): Mark[] {
    const { image, maps } = this.#block[row]!;
    const lines = (of: 'predicted' | 'truth', all: FittedImage['truth']): Mark[] =>
      all.flatMap((line, series) => (line ? [{ kind: 'line', line, series, of }] : []));
    return [
      ...maps.map((map, series): Mark => ({ kind: 'heat', values: clamped(map), series, of: 'predicted' })),
      ...this.#trueHeat(image),
      ...lines('predicted', image.fitted),
      ...lines('truth', image.truth),
      ...this.#words(image),
    ];
  }

  #trueHeat({ truth }: FittedImage): Mark[] {
    const { grid, sigmaMm } = this.#options;
    const sigma = sigmaMm / grid.spacingMm;
    return truth.flatMap((line, series): Mark[] =>
      line ? [{ kind: 'heat', values: heatOf(line, grid.size, sigma), series, of: 'truth' }] : [],
    );
  }

  /** How far off each line is that the image has. */
  #words(image: FittedImage): Mark[] {
    const errors = lineErrors(image, this.#options.grid);
    return image.truth.flatMap((truth, series): Mark[] => {
      if (!truth) return [];
      const error = errors[series];
      const text = error ? `${fixed(error.angleDeg, 1)}°, ${fixed(error.offsetMm, 1)} mm` : 'no line found';
      return [{ kind: 'words', text, series }];
    });
  }

  done(): Verdict {
    const { referenceViews, grid } = this.#options;
    const views = referenceViews.map((name, view) => ({
      name,
      ...viewErrors(this.#images, view, this.#trivial[view] ?? null, grid),
    }));
    const planes = planeErrors(this.#stacked, this.#trivial);
    const shared = referenceViews.flatMap((name, view) => {
      const error = planes?.shared[view];
      return error ? [[name, error] as const] : [];
    });
    return {
      results: [...views.flatMap(resultsOf), ...(planes?.results ?? [])],
      summary: {
        ...Object.fromEntries(views.map(({ name, errors }) => [name, errors])),
        ...(planes && { planes: planes.errors }),
      },
      scatters: [],
      notes: [
        'The angle is that between the two undirected lines. The offset is the distance of the predicted line from the true line’s point at the crossing of the true lines, or nearest the image centre where they do not cross in the image.',
        ...(planes ? [PLANES_NOTE] : []),
      ],
      ...(shared.length > 0 && { plannedErrors: Object.fromEntries(shared) }),
    };
  }
}

/** The errors of a view. */
interface View extends ReturnType<typeof viewErrors> {
  readonly name: string;
}

/** What was left out or replaced, so that no number is better than it should be. */
function caveats(name: string, { errors: { missing, images, unlabelled }, measured }: View): string[] {
  const fate = measured === images ? 'scored with the trivial line' : 'not scored';
  const standIn = missing < images ? `; they are ${fate}` : '';
  return [
    ...(missing ? [`${name}: no line could be fitted in ${missing} of ${images} images${standIn}.`] : []),
    ...(unlabelled
      ? [`${name}: ${unlabelled} images have no such line inside them and are not scored.`]
      : []),
  ];
}

function resultsOf(view: View): Result[] {
  const { errors, measured, subjects } = view;
  const name = viewName(view.name);
  const { images: count, missing } = errors;
  const over =
    missing === count || measured === count
      ? `${count} images`
      : `${measured} images, without ${count - measured} in which no line was found`;
  const common = { digits: 2, better: 'lower', count, missing } as const;
  const own = (key: 'angleDeg' | 'offsetMm') =>
    new Map([...subjects].map(([subject, error]) => [subject, error[key]]));
  return [
    {
      ...common,
      key: `orientation.${view.name}.angleDeg`,
      title: `${name} line, angle`,
      unit: '°',
      value: errors.angleDeg,
      trivial: errors.baselineAngleDeg,
      about: `median of ${over}; mean ${fixed(errors.meanAngleDeg, 1)}°`,
      notes: caveats(name, view),
      bySubject: own('angleDeg'),
    },
    {
      ...common,
      key: `orientation.${view.name}.offsetMm`,
      title: `${name} line, offset`,
      unit: ' mm',
      value: errors.offsetMm,
      trivial: errors.baselineOffsetMm,
      about: `median of ${over}; mean ${fixed(errors.meanOffsetMm, 1)} mm`,
      notes: [],
      bySubject: own('offsetMm'),
    },
  ];
}
