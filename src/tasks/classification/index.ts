/** @file Classification: which group a subject is in, of a pathology say; learnt slice by slice, judged study by study. */

import { ConfigError } from '../../base/errors.ts';
import { ownOf } from '../../base/record.ts';
import { listed } from '../../base/words.ts';
import { field } from '../../data/field.ts';
import { pathology } from '../../data/groups.ts';
import type { Sample } from '../../data/sample.ts';
import { pooledHead } from '../../models/heads.ts';
import { tensor } from '../../tensor/create.ts';
import { classLoss } from '../classLoss.ts';
import { type ClassWeighting, ClassWeights, classWeighting } from '../classWeights.ts';
import { number, text, whole } from '../settings.ts';
import { defineTask, type Facts } from '../task.ts';
import { StudyJudge } from './judge.ts';
import { isPoolable, pooledStudies } from './pool.ts';
import { groupCounts } from './studies.ts';

export interface ClassificationSettings {
  /** Which label of the data says who is in which group: `pathology`, or one that has a name of its own. */
  readonly label: string;
  /** Of the groups in the cross entropy, by name; `balanced`: by how rare they are among the training studies. */
  readonly classWeights: ClassWeighting;
  /** Width of the head's hidden layer. */
  readonly hidden: number;
  /** Of the hidden layer: from 0, below 1. */
  readonly dropout: number;
}

/** Names of the groups, sorted. Throws ConfigError where there are fewer than two. */
function classesOf({ groupNames = {} }: Facts, label: string): readonly string[] {
  const classes = ownOf(groupNames, label) ?? [];
  if (classes.length >= 2) return classes;
  const known = Object.keys(groupNames);
  const have = known.length > 0 ? `they have labels ${listed(known)}` : 'they have no labels of subjects';
  const problem =
    classes.length === 1
      ? `all labelled subjects are in one group by label ${label}, ${classes[0]}`
      : `the data do not say who is in which group by label ${label}; ${have}`;
  throw new ConfigError(
    `Task classification: ${problem}. Give data with two groups at least, set tasks.classification.label, or leave the task out.`,
  );
}

/** Throws ConfigError where fewer than two groups have a training study. */
function expectTwo(counts: readonly number[], classes: readonly string[]): void {
  const there = classes.filter((_, k) => counts[k]! > 0);
  if (there.length >= 2) return;
  const found = there.length === 1 ? `all are in group ${there[0]}` : 'none is in a group';
  throw new ConfigError(
    `Task classification: of the training subjects ${found}, which teaches nothing. Train on more subjects, or leave the task out.`,
  );
}

export const classification = defineTask<ClassificationSettings>({
  name: 'classification',
  title: 'Classification',
  about: 'Which group the subject is in: a pathology, say.',
  lossTitle: 'Classification, cross entropy',
  learnsFrom: 'groups',
  settings: {
    label: text,
    classWeights: classWeighting,
    hidden: whole({ from: 1, to: 4096 }),
    dropout: number({ from: 0, below: 1 }),
  },
  defaults: { label: pathology, classWeights: 'equal', hidden: 128, dropout: 0.5 },
  pool: pooledStudies,
  poolable: isPoolable,
  setup(facts, { label, classWeights, hidden, dropout }) {
    const classes = classesOf(facts, label);
    const weights = new ClassWeights('classification', classWeights, classes.length, 'groups by name');
    const group = field('group', { kind: 'value', shape: [1], dtype: 'u32' });
    const head = pooledHead('classification_layers', classes.length, { hidden, dropout });
    /** −1 where it is not known, or none of the classes. */
    const classOf = (sample: Sample): number => classes.indexOf(sample.group(label) ?? '');
    return {
      fields: [group],
      heads: [head],
      series: [],
      tells: `which group a subject is in${label === pathology ? '' : ` by label ${label}`}: ${listed(classes)}`,
      channels: classes,
      labelled: (sample) => classOf(sample) >= 0,
      fill({ views: [first] }, row) {
        const own = classOf(first!.sample);
        if (own >= 0) row.set(group, [own]);
      },
      loss(step) {
        const each = weights.values;
        const { device } = step.out(head);
        return classLoss(step, head, group, each && tensor(device, each, [each.length]));
      },
      judge: (training) => new StudyJudge({ head, classes, label }, training),
      check(training) {
        const counts = groupCounts(training, classes, label);
        expectTwo(counts, classes);
        weights.learn(() => counts);
      },
    };
  },
});
