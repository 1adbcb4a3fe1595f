/** @file Inputs: what one example of a task looks at. */
import type { Augmentation } from './augmentation.ts';
import type { Companions } from './companions.ts';
import type { Field } from './field.ts';
import type { Sample } from './sample.ts';

/** An image of an example and how it is moved. */
export interface View extends Augmentation {
  readonly sample: Sample;
}

/** What a task labels: images, and what was drawn for them. */
export interface Example {
  readonly views: readonly View[];
  /** What `pick` drew beside the views: a rotation's number, say. */
  readonly drawn: number;
  /** What `pick` drew for the tables of the input. */
  readonly tables?: ReadonlyMap<Field, ArrayLike<number>>;
}

/** What an example is picked from. */
export interface Choice {
  /** The image whose turn it is. */
  readonly sample: Sample;
  /** All images of the subjects that take turns, the image itself too: none of another part of the split. */
  readonly among: Companions;
  /** The image's augmentation by the configuration; none in validation. */
  readonly change: Augmentation;
  /** The appearance of another view of it, from 1, by the configuration, which has one in training: `change` has that of view 0. */
  readonly appearanceOf?: (view: number) => Augmentation['appearance'];
  /** Side of the images, pixels. */
  readonly size: number;
  /**
   * Numbers in [0, 1) of this input and example alone, so that no task changes another's draws; in validation and
   * evaluation the same for an image whenever it comes.
   */
  readonly draw: () => number;
}

/**
 * What one example of a task looks at. Tasks of one input share a forward pass. Labels that move with an image (kinds
 * `image`, `mask` and `lines`) need inputs of one view.
 */
export interface Input {
  readonly name: string;
  /** Images of an example, folded into the batch. */
  readonly views: number;
  /**
   * Small arrays of an example that say what becomes of its images on the device: which pixels are hidden, say. A task
   * that has no labels but these names them among its fields, for their masks say which examples count.
   */
  readonly tables?: readonly Field[];
  /**
   * The first view is of the image whose turn it is, the others of any of `among`. Where an image has no companion, its
   * example is of the image itself, and the task leaves its label unset.
   */
  pick(choice: Choice): Example;
}

/** The fields of a batch: the input's tables and what is labelled, none twice. */
export const batchFields = ({ tables = [] }: Input, labelled: readonly Field[]): Field[] => [
  ...new Set([...tables, ...labelled]),
];

/**
 * View `view` of an example, from 0: an image of it, moved as the configuration moves the one whose turn it is, with noise
 * and the like of its own, for the same in two views would tell that they are a pair.
 */
export function viewOf(
  { change, appearanceOf }: Pick<Choice, 'change' | 'appearanceOf'>,
  sample: Sample,
  view: number,
): View {
  const appearance = view === 0 ? change.appearance : appearanceOf?.(view);
  return { sample, ...change, ...(appearance && { appearance }) };
}

/** One of some items, one at least, by the next number in [0, 1). */
export const drawnOf = <T>(items: readonly T[], draw: () => number): T =>
  items[Math.floor(items.length * draw())]!;

/** So many of the numbers, in their order, `own` among them where it is there; each choice with equal chance. */
export function someOf(numbers: readonly number[], count: number, own: number, draw: () => number): number[] {
  const left = new Set(numbers);
  while (left.size > count) {
    const others = [...left].filter((number) => number !== own);
    left.delete(drawnOf(others, draw));
  }
  return [...left];
}

/** One augmented image. */
export const oneImage: Input = {
  name: 'image',
  views: 1,
  pick: ({ sample, change }) => ({ views: [{ sample, ...change }], drawn: 0 }),
};
