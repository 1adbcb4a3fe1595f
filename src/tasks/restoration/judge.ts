/** @file Judges restored images: the error inside altered pixels, beside what one would put there without learning. */
import { ShapeError } from '../../base/errors.ts';
import { groupBy } from '../../data/lists.ts';
import type { Sample } from '../../data/sample.ts';
import type { Head } from '../../models/heads.ts';
import type { Mark } from '../../results/mark.ts';
import { fixed, type Result } from '../../results/result.ts';
import { blockOf } from '../outputs.ts';
import type { HostOutputs, InputImages, Judge, Verdict } from '../task.ts';
import { localMean } from './trivial.ts';

export interface RestorationJudgeOptions {
  /** Of one channel, at full size. */
  readonly head: Head;
  /** Side of the images, pixels. */
  readonly size: number;
  readonly result: Pick<Result, 'key' | 'title'>;
}

/** Who answers: the network, and two that have learnt nothing. */
const answers = ['restored', 'unchanged', 'localMean'] as const;
type Answer = (typeof answers)[number];

/** Sums of squared errors over an image's altered pixels. */
interface Judged {
  readonly subject: string;
  readonly pixels: number;
  readonly squares: Readonly<Record<Answer, number>>;
}

type Pictures = Readonly<Record<'altered' | 'restored' | 'original', Float32Array>>;

const NOTE =
  'Errors are root mean squares over altered pixels, in standard deviations of the image. The trivial answer is the better of two: the altered image left as it is, and the mean of the unaltered pixels around.';

/** The root mean square over the altered pixels of images; null where there are none. */
function rootMeanSquare(rows: readonly Judged[], answer: Answer): number | null {
  const pixels = rows.reduce((sum, row) => sum + row.pixels, 0);
  return pixels > 0 ? Math.sqrt(rows.reduce((sum, { squares }) => sum + squares[answer], 0) / pixels) : null;
}

export class RestorationJudge implements Judge {
  readonly #options: RestorationJudgeOptions;
  readonly #rows: Judged[] = [];
  #block: readonly Pictures[] = [];

  constructor(options: RestorationJudgeOptions) {
    this.#options = options;
  }

  add(
    outputs: HostOutputs,
    samples: readonly Sample[],
    _drawn: ArrayLike<number>,
    images?: InputImages,
  ): void {
    const { head, size } = this.#options;
    const values = blockOf(outputs, head, samples.length, [size, size]);
    if (!images)
      throw new ShapeError(
        'Judge.add',
        'images',
        'are missing',
        'Pass those that the input gave and altered.',
      );
    const picture = (of: Float32Array, row: number) => of.subarray(row * size ** 2, (row + 1) * size ** 2);
    this.#block = samples.map((_, row) => ({
      altered: picture(images.seen, row),
      restored: picture(values, row),
      original: picture(images.clean, row),
    }));
    for (const [row, { subject }] of samples.entries())
      this.#rows.push({ subject, ...this.#errorsOf(this.#block[row]!) });
  }

  #errorsOf({ altered, restored, original }: Pictures): Omit<Judged, 'subject'> {
    const { size } = this.#options;
    const flags = Uint8Array.from(altered, (v, i) => Number(v !== original[i]));
    const around = localMean(altered, flags, size, Math.max(1, Math.round(size / 8)));
    const squaresOf = (answer: Float32Array): number =>
      answer.reduce((sum, v, i) => (flags[i] ? sum + (v - original[i]!) ** 2 : sum), 0);
    return {
      pixels: flags.reduce((sum, flag) => sum + flag, 0),
      squares: {
        restored: squaresOf(restored),
        unchanged: squaresOf(altered),
        localMean: squaresOf(around),
      },
    };
  }

  marks(row: number): Mark[] {
    const place = this.#rows.length - this.#block.length + row;
    const [error, unchanged] = [['restored'], ['unchanged']].map(([answer]) =>
      fixed(rootMeanSquare([this.#rows[place]!], answer as Answer), 2),
    );
    return [
      { kind: 'words', text: `error where altered ${error}, left as it is ${unchanged}` },
      ...Object.entries(this.#block[row]!).map(
        ([title, values]): Mark => ({ kind: 'picture', title, values }),
      ),
    ];
  }

  done(): Verdict {
    const rows = this.#rows.filter(({ pixels }) => pixels > 0);
    if (rows.length === 0) return { results: [], summary: null, scatters: [], notes: [] };
    const [rmse, unchanged, around] = answers.map((answer) => rootMeanSquare(rows, answer)!);
    const altered = rows.reduce((sum, { pixels }) => sum + pixels, 0);
    const alteredShare = altered / (this.#rows.length * this.#options.size ** 2);
    const result: Result = {
      ...this.#options.result,
      unit: '',
      digits: 3,
      better: 'lower',
      value: rmse!,
      trivial: Math.min(unchanged!, around!),
      about: `root mean square error over the altered pixels of ${rows.length} images, ${fixed(100 * alteredShare, 0)} % of all`,
      count: rows.length,
      missing: null,
      notes: [],
      bySubject: new Map(
        [...groupBy(rows, ({ subject }) => subject)].map(([subject, own]) => [
          subject,
          rootMeanSquare(own, 'restored')!,
        ]),
      ),
    };
    const summary = {
      ...{ rmse, unchangedRmse: unchanged, localMeanRmse: around },
      ...{ images: rows.length, alteredShare },
    };
    return { results: [result], summary, scatters: [], notes: [NOTE] };
  }
}
