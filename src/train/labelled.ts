/** @file Few labelled subjects: who they are, and what is said of them. */
import { ConfigError } from '../base/errors.ts';
import { listed, plural } from '../base/words.ts';
import { purposes } from '../data/purposes.ts';
import { samplesOf } from '../data/sample.ts';
import { imagesOf, type Split } from '../data/split.ts';
import { stratifiedOrder } from '../data/strata.ts';
import type { TrainingData } from '../data/types.ts';
import type { Plan } from './plan.ts';
import type { TrainConfig } from './settings.ts';

/** What of a plan decides who has the annotations that are learnt from. */
export type Annotated = Pick<Plan, 'tasks'>;

/** Those of the subjects of whom every task that learns from annotations has some. */
export function labelledSubjects(
  data: TrainingData,
  subjects: readonly string[],
  { tasks }: Annotated,
): string[] {
  const samples = samplesOf(data, imagesOf(data, subjects));
  return tasks.reduce<readonly string[]>((left, { part: { labelled } }) => {
    if (!labelled) return left;
    const known = new Set<string>();
    for (const sample of samples) if (labelled(sample)) known.add(sample.subject);
    return left.filter((subject) => known.has(subject));
  }, subjects) as string[];
}

/** `masks and groups` */
const annotationsOf = ({ tasks }: Annotated): string =>
  listed([...new Set(tasks.flatMap(({ task }) => task.learnsFrom ?? []))]);

/**
 * Subjects with what is learnt from in the order of the draw, as many as are labelled; those of fewer are the beginning of
 * those of more.
 */
function drawnLabelled(
  data: TrainingData,
  among: readonly string[],
  { seed, labelled, stratify }: TrainConfig,
  plan: Annotated,
): string[] {
  const what = annotationsOf(plan);
  if (what === '')
    throw new ConfigError(
      `labelled is ${labelled}, but no task learns from masks or groups: all would use every subject. Leave it out.`,
    );
  const subjects = labelledSubjects(data, among, plan);
  const groups = (stratify && data.manifest.groups) || {};
  if (labelled! <= subjects.length)
    return stratifiedOrder(subjects, groups, {
      ...{ seed, purpose: purposes.labelled, order: data.manifest.order },
    }).slice(0, labelled!);
  throw new ConfigError(
    `labelled is ${labelled}, but of the ${among.length} training subjects ${subjects.length} have ${what}. Ask for as many at most, or hold out fewer.`,
  );
}

/** The parts with so many labelled subjects; who else might train does without annotations. */
export function withLabelled(data: TrainingData, split: Split, config: TrainConfig, plan: Annotated): Split {
  const { labelledValidation } = config;
  const among = labelledValidation === null ? split.train : [...split.train, ...split.validation].sort();
  const drawn = drawnLabelled(data, among, config, plan);
  const trained = drawn.length - (labelledValidation ?? 0);
  const rest = among.filter((subject) => !drawn.includes(subject));
  const validation = labelledValidation === null ? split.validation : drawn.slice(trained).sort();
  return { ...split, train: drawn.slice(0, trained).sort(), rest, validation };
}

/** How many subjects' annotations a run uses to train, and how many more to choose its weights; null where it is all. */
export function labelledText(
  data: TrainingData,
  { train, validation }: Split,
  { labelled, labelledValidation }: Pick<TrainConfig, 'labelled' | 'labelledValidation'>,
  plan: Annotated,
): string | null {
  if (labelled === null) return null;
  const choosing = labelledSubjects(data, validation, plan).length;
  const trained = `${plural(train.length, 'labelled subject')} ${train.length === 1 ? 'trains' : 'train'}`;
  if (choosing === 0) return `${trained}, and none chooses the weights: the last are kept`;
  const what = annotationsOf(plan);
  const more = `${choosing} more with ${what} ${choosing === 1 ? 'chooses' : 'choose'} the weights`;
  const counted =
    labelledValidation === null
      ? 'not counted in labelled; labelledValidation counts them'
      : `${labelled} in all`;
  return `${trained}, and ${more} (${counted})`;
}
