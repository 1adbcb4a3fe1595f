/** @file Judges groups: puts the slices of a study together and compares studies, not slices, with what is known. */
import { pathology } from '../../data/groups.ts';
import type { Sample } from '../../data/sample.ts';
import type { Head } from '../../models/heads.ts';
import type { Mark } from '../../results/mark.ts';
import { fixed } from '../../results/result.ts';
import { blockOf, largest } from '../outputs.ts';
import type { HostOutputs, Judge, Verdict } from '../task.ts';
import { outcome } from './results.ts';
import { groupCounts, logSoftmax, Studies } from './studies.ts';

export interface StudyJudgeOptions {
  readonly head: Head;
  /** Names of the groups, in the order of the head's channels. */
  readonly classes: readonly string[];
  /** Which label of the data says who is in which. */
  readonly label: string;
}

export class StudyJudge implements Judge {
  readonly #options: StudyJudgeOptions;
  /** Training subjects of each class. */
  readonly #training: readonly number[];
  readonly #studies: Studies;
  #block: readonly { readonly sample: Sample; readonly logs: readonly number[] }[] = [];

  constructor(options: StudyJudgeOptions, training: readonly Sample[]) {
    const { classes, label } = options;
    this.#options = options;
    this.#training = groupCounts(training, classes, label);
    this.#studies = new Studies(label);
  }

  add(outputs: HostOutputs, samples: readonly Sample[]): void {
    const { head, classes } = this.#options;
    const logits = blockOf(outputs, head, samples.length);
    const each = classes.length;
    this.#block = samples.map((sample, row) => ({
      sample,
      logs: logSoftmax(logits.subarray(row * each, (row + 1) * each)),
    }));
    for (const { sample, logs } of this.#block) this.#studies.add(sample, logs);
  }

  /** Of the slice alone: its study may not be whole yet. */
  marks(row: number): Mark[] {
    const { classes, label } = this.#options;
    const { sample, logs } = this.#block[row]!;
    const best = largest(logs);
    const group = sample.group(label);
    const truth = group === null ? '' : `, is ${group}`;
    const which = label === pathology ? '' : `${label}: `;
    const said = `${classes[best]} (${fixed(Math.exp(logs[best]!), 2)})`;
    return [{ kind: 'words', text: `slice says ${which}${said}${truth}` }];
  }

  done(): Verdict {
    const { classes, label } = this.#options;
    return outcome(this.#studies.list(), { classes, label, training: this.#training });
  }
}
