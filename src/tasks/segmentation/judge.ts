/** @file Judges class maps: puts the slices together to volumes, measures them, and says what to show of a slice. */
import { filtered } from '../../base/lazy.ts';
import { mean } from '../../base/statistics.ts';
import { isLabelled, type Sample } from '../../data/sample.ts';
import { UNKNOWN } from '../../data/types.ts';
import type { Head } from '../../models/heads.ts';
import { sliceDice } from '../../results/dice.ts';
import type { Mark } from '../../results/mark.ts';
import { fixed } from '../../results/result.ts';
import { blockOf, likeliest } from '../outputs.ts';
import type { Grid, HostOutputs, Judge, Verdict } from '../task.ts';
import { isMeasurable, usualMap } from './classes.ts';
import { ejections, measureStack, trueVolumes } from './measures.ts';
import { outcome } from './results.ts';
import { type JudgedSlice, stacksOf } from './stacks.ts';
import { volumeResults } from './volumes.ts';

export interface VolumeJudgeOptions {
  readonly head: Head;
  /** Background first. */
  readonly classes: readonly string[];
  /** Names of the classes that eject. */
  readonly chambers: readonly string[];
  readonly grid: Grid;
}

const MEASURED =
  'Dice, distances and volumes are those of whole volumes on the prepared grid, over voxels whose class is known; distances are from surface to surface. The trivial answer is the class that is most frequent at each place of the training images.';

/**
 * Keeps the class maps of slices that can be measured, a byte a pixel: 100 MB for 100 patients of 20 slices at 224 px. True masks
 * are read from the data when they are measured.
 */
export class VolumeJudge implements Judge {
  readonly #options: VolumeJudgeOptions;
  readonly #training: readonly Sample[];
  readonly #slices: JudgedSlice[] = [];
  /** Of images without masks: only their volumes can be told. */
  readonly #unlabelled: JudgedSlice[] = [];
  #block: readonly JudgedSlice[] = [];
  /** Labelled images of which nothing can be measured. */
  #partial = 0;

  constructor(options: VolumeJudgeOptions, training: readonly Sample[]) {
    this.#options = options;
    this.#training = filtered(training, isMeasurable);
  }

  add(outputs: HostOutputs, samples: readonly Sample[]): void {
    const { head, classes, grid } = this.#options;
    const values = blockOf(outputs, head, samples.length, [grid.size, grid.size]);
    const each = grid.size ** 2 * classes.length;
    this.#block = samples.map((sample, row) => {
      const scores = values.subarray(row * each, (row + 1) * each);
      return { sample, answer: likeliest(scores, classes.length) };
    });
    this.#slices.push(...this.#block.filter(({ sample }) => isMeasurable(sample)));
    this.#unlabelled.push(...this.#block.filter(({ sample }) => !isLabelled(sample)));
    this.#partial += samples.filter((sample) => isLabelled(sample) && !isMeasurable(sample)).length;
  }

  marks(row: number): Mark[] {
    const { sample, answer } = this.#block[row]!;
    const truth = sample.mask();
    const predicted: Mark = { kind: 'region', classes: answer, of: 'predicted' };
    if (!truth || !isLabelled(sample)) return [predicted];
    const known = truth.map((v) => (v === UNKNOWN ? 0 : v));
    const words = isMeasurable(sample) ? this.#words(answer, truth) : [];
    return [predicted, { kind: 'region', classes: known, of: 'truth' }, ...words];
  }

  /** How well each class fits that is there, or was found. */
  #words(answer: Uint8Array, truth: Uint8Array): Mark[] {
    return this.#options.classes.slice(1).flatMap((_, series): Mark[] => {
      const dice = sliceDice(answer, truth, series + 1);
      return dice === null ? [] : [{ kind: 'words', text: `Dice ${fixed(dice, 2)}`, series }];
    });
  }

  done(): Verdict {
    const { classes, chambers, grid } = this.#options;
    if (this.#slices.length === 0 && this.#unlabelled.length > 0)
      return {
        results: volumeResults(this.#unlabelled, classes, grid),
        summary: null,
        scatters: [],
        notes: [],
      };
    const usual = usualMap(this.#training, classes.length, grid.size ** 2);
    const measured = stacksOf(this.#slices).map((stack) => ({
      stack,
      ours: measureStack(stack, ({ answer }) => answer, classes.length, grid),
      trivial: measureStack(stack, () => usual, classes.length, grid),
    }));
    return {
      ...outcome(measured, { classes, chambers, usualEjection: this.#usualEjection() }),
      scatters: [],
      notes: measured.length > 0 ? [MEASURED] : [],
      left: this.#left(),
    };
  }

  /** Of the training hearts, the mean by class. */
  #usualEjection(): (label: number) => number | null {
    const { grid } = this.#options;
    const none = new Uint8Array(0);
    const stacks = stacksOf(this.#training.map((sample) => ({ sample, answer: none })));
    const each = stacks.map((stack) => ({ stack }));
    return (label) =>
      mean(ejections(each, ({ stack }) => trueVolumes(stack, label, grid)).map(({ truth }) => truth));
  }

  #left(): string[] {
    const [partial, unlabelled] = [this.#partial, this.#unlabelled.length];
    return [
      ...(partial > 0
        ? [`Images that are not measured, for their masks know of no background: ${partial}.`]
        : []),
      ...(unlabelled > 0 ? [`Images that are not measured, for they have no mask: ${unlabelled}.`] : []),
    ];
  }
}
