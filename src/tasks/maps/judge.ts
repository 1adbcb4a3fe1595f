/** @file Judges maps of numbers: how far each is off, beside maps that nothing was learnt for. */
import { mean } from '../../base/statistics.ts';
import { evenly } from '../../data/lists.ts';
import type { Sample } from '../../data/sample.ts';
import type { Head } from '../../models/heads.ts';
import type { Mark } from '../../results/mark.ts';
import { fixed, type Result } from '../../results/result.ts';
import { subjectMeans } from '../../results/subjects.ts';
import { blockOf } from '../outputs.ts';
import type { HostOutputs, InputImages, Judge, Verdict } from '../task.ts';

export interface MapJudgeOptions {
  /** Of as many channels as maps are told, at full size. */
  readonly head: Head;
  /** Side of the images, pixels. */
  readonly size: number;
  /** Name of the task, before each map's. */
  readonly task: string;
  readonly maps: readonly { readonly key: string; readonly title: string }[];
  /** What is off: the mean of absolute errors, or the root of the mean of squared ones. */
  readonly error: 'absolute' | 'squared';
  /** The map of example `row` of a block, [size, size, channels]; null where it has none. @param drawn by the input */
  truthOf(
    sample: Sample,
    row: number,
    drawn: number,
    images: InputImages | undefined,
  ): ArrayLike<number> | null;
  /** Maps that one would answer without having learnt anything; each figure's trivial answer is the best of them. */
  readonly otherwise: readonly ((sample: Sample) => ArrayLike<number>)[];
  /** Of one of the head's, in the unit of the figures; default 1. */
  readonly scale?: number;
  /** Whether there is a figure of all maps, too, in which a pixel counts by the size of what is to be told there. */
  readonly bySize?: true;
  readonly note: string;
}

/** Of how many training images the usual map is the mean. */
const MOST_AVERAGED = 256;

/** At each place the mean over maps of training images; zeros where there are none. */
export function usualOf(
  training: readonly Sample[],
  values: number,
  mapOf: (sample: Sample) => ArrayLike<number> | null,
): Float64Array {
  const sums = new Float64Array(values);
  let count = 0;
  for (const sample of evenly(training, MOST_AVERAGED)) {
    const map = mapOf(sample);
    if (!map) continue;
    for (let i = 0; i < values; i++) sums[i]! += map[i]!;
    count++;
  }
  return sums.map((sum) => sum / Math.max(1, count));
}

/** Errors of one image by who answers, the network first, and map. */
interface Judged {
  readonly subject: string;
  readonly errors: readonly (readonly number[])[];
}

interface Shown {
  readonly image: Float32Array;
  readonly answer: Float32Array;
  readonly truth: ArrayLike<number> | null;
  readonly errors: readonly number[];
}

export class MapJudge implements Judge {
  readonly #options: MapJudgeOptions;
  readonly #rows: Judged[] = [];
  #block: readonly Shown[] = [];
  #leftOut = 0;

  constructor(options: MapJudgeOptions) {
    this.#options = options;
  }

  add(
    outputs: HostOutputs,
    samples: readonly Sample[],
    drawn: ArrayLike<number>,
    images?: InputImages,
  ): void {
    const { head, size, otherwise } = this.#options;
    const values = blockOf(outputs, head, samples.length, [size, size]);
    const each = size ** 2 * head.channels;
    this.#block = samples.map((sample, row): Shown => {
      const shown = { image: sample.pixels(), answer: values.subarray(row * each, (row + 1) * each) };
      const truth = this.#options.truthOf(sample, row, drawn[row]!, images);
      if (!truth) {
        this.#leftOut++;
        return { ...shown, truth, errors: [] };
      }
      const errors = [shown.answer, ...otherwise.map((of) => of(sample))].map((map) =>
        this.#errorsOf(map, truth),
      );
      this.#rows.push({ subject: sample.subject, errors });
      return { ...shown, truth, errors: errors[0]! };
    });
  }

  /** Mean absolute or squared error of each map, and where it is asked for that by size. */
  #errorsOf(map: ArrayLike<number>, truth: ArrayLike<number>): number[] {
    const { error, maps, size, scale = 1, bySize } = this.#options;
    const sums = maps.map(() => 0);
    let [weighed, weight] = [0, 0];
    for (let i = 0; i < truth.length; i += maps.length) {
      let [offs, told] = [0, 0];
      for (let k = 0; k < maps.length; k++) {
        const off = scale * (map[i + k]! - truth[i + k]!);
        const own = error === 'squared' ? off * off : Math.abs(off);
        sums[k]! += own;
        offs += own / maps.length;
        told += Math.abs(truth[i + k]!);
      }
      weighed += told * offs;
      weight += told;
    }
    return [...sums.map((sum) => sum / size ** 2), ...(bySize ? [weight > 0 ? weighed / weight : 0] : [])];
  }

  /** What is measured. */
  #figures(): MapJudgeOptions['maps'] {
    const { maps, bySize } = this.#options;
    return bySize ? [...maps, { key: 'bySize', title: 'all maps, where most is to be told' }] : maps;
  }

  marks(row: number): Mark[] {
    const { maps } = this.#options;
    const { image, answer, truth, errors } = this.#block[row]!;
    const picture = (title: string, of: ArrayLike<number>, map: number): Mark => ({
      ...{ kind: 'picture', title },
      values: image.map((_, i) => of[i * maps.length + map]!),
    });
    return [
      ...(truth
        ? [
            {
              kind: 'words',
              text: `off by ${errors.map((v) => fixed(this.#rooted(v), 2)).join(', ')}`,
            } as const,
          ]
        : []),
      { kind: 'picture', title: 'image', values: image },
      ...maps.flatMap(({ title }, map) => [
        picture(title, answer, map),
        ...(truth ? [picture(`true ${title}`, truth, map)] : []),
      ]),
    ];
  }

  done(): Verdict {
    const { task, note } = this.#options;
    const told = this.#figures();
    if (this.#rows.length === 0) return { results: [], summary: null, scatters: [], notes: [] };
    const results = told.map((own, map) => this.#result(own, map));
    const figures = results.map(({ value, trivial }, map) => [told[map]!.key, { error: value, trivial }]);
    const [images, leftOut] = [this.#rows.length, this.#leftOut];
    return {
      ...{ results, scatters: [] },
      summary: { ...Object.fromEntries(figures), images, leftOut },
      notes: [note, ...(leftOut > 0 ? [`Images that task ${task} left out: ${leftOut}.`] : [])],
    };
  }

  #result({ key, title }: MapJudgeOptions['maps'][number], map: number): Result {
    const { task, error, otherwise } = this.#options;
    const off = (who: number): number => this.#rooted(mean(this.#rows.map((row) => row.errors[who]![map]!))!);
    const measured = error === 'squared' ? 'root mean square error' : 'mean absolute error';
    return {
      ...{ key: `${task}.${key}`, title: `${title[0]!.toUpperCase()}${title.slice(1)}, error` },
      ...{ unit: '', digits: 3, better: 'lower', value: off(0) },
      trivial: Math.min(...otherwise.map((_, i) => off(i + 1))),
      about: `${measured} over ${this.#rows.length} images`,
      ...{ count: this.#rows.length, missing: null, notes: [] },
      bySubject: subjectMeans(this.#rows, ({ errors }) => this.#rooted(errors[0]![map]!)),
    };
  }

  #rooted(value: number): number {
    return this.#options.error === 'squared' ? Math.sqrt(value) : value;
  }
}
