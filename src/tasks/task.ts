/** @file The contract of a task: which labels it needs, the heads it reads, its loss, and how it is judged. */
import type { Field, Row } from '../data/field.ts';
import type { GroupNames } from '../data/groups.ts';
import type { Example, Input, View } from '../data/input.ts';
import type { Sample } from '../data/sample.ts';
import type { Annotation, Line } from '../data/types.ts';
import type { Head } from '../models/heads.ts';
import type { FoundLine } from '../planning/evidence.ts';
import type { Mark, Scatter, Table } from '../results/mark.ts';
import type { PlannedErrors } from '../results/planes.ts';
import type { Result } from '../results/result.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What a task may know of the data before it sees any. */
export interface Facts {
  readonly targetView: string;
  readonly referenceViews: readonly string[];
  /** Names of the classes in the masks, background first; none without masks. */
  readonly classes?: readonly string[] | undefined;
  /** Names of the groups that subjects are in, by label; none where nobody is in any. */
  readonly groupNames?: GroupNames | undefined;
}

/** The grid of the prepared images. */
export interface Grid {
  /** Side of every image in pixels. */
  readonly size: number;
  /** mm between pixels, both ways. */
  readonly spacingMm: number;
  /** Sides of images that the network sees must be multiples of this, pixels; default 1. */
  readonly sideStep?: number;
}

/** What one example looks at, and what becomes of its images on the device before the network sees them. */
export interface TaskInput extends Input {
  /**
   * What the network sees in place of the images [N·V, size, size, 1], which are augmented already: as many images of
   * each example as its tasks' heads read, of any side that the network takes. Runs inside the captured step, in
   * validation and evaluation too.
   * @param at values of the input's tables, [N, ...shape]
   */
  alter?(images: Tensor, at: (table: Field) => Tensor): Tensor;
}

/** What a task's loss may look at. N examples of V views: images come as [N·V, size, size, 1]. */
export interface Step {
  /** The augmented images, as they are before the input alters them. */
  readonly images: Tensor;
  /**
   * A head's output for the batch, of V images an example or as many as the input makes of them: [N·V, size, size,
   * channels] of a pixel head, [N·V, channels] of a pooled one, [N, channels] of one that reads the V as a group.
   */
  out(head: Head): Tensor;
  /** Values of a field or of the input's tables, moved as the images were: [N, ...shape]. */
  at(field: Field): Tensor;
  /** [N, labels], f32: 1 where the label is known. */
  mask(field: Field): Tensor;
  /** [1], f32: the number of the training's step, from 1, for losses that change as it goes on; null in validation. */
  number(): Tensor | null;
}

/** Outputs of a few images on the host, by head: row-major, as the head gives them. */
export type HostOutputs = (head: Head) => Float32Array;

/** Images of a block as an input gave them that alters them, shows several or has tables. */
export interface InputImages {
  /** [images, size, size] */
  readonly clean: Float32Array;
  /** Altered, as the network saw them. */
  readonly seen: Float32Array;
  /** Values of the input's tables, [examples, ...shape]. */
  at(table: Field): ArrayLike<number>;
  /** What each is of, which views of one example may differ in, and where it reads that. */
  readonly views: readonly Pick<View, 'sample' | 'matrix'>[];
}

/** What a judge came to. */
export interface Verdict {
  readonly results: readonly Result[];
  /** The task's part of evaluation.json. */
  readonly summary: object | null;
  readonly scatters: readonly Scatter[];
  readonly tables?: readonly Table[];
  /** What the results mean, for whoever reads the report: sentences. */
  readonly notes: readonly string[];
  /** Which images were not judged, and why: sentences, for the terminal too. */
  readonly left?: readonly string[];
  /** Of a network that draws lines: see `PlannedErrors`. */
  readonly plannedErrors?: PlannedErrors;
}

/** What a task's answers in several evaluations come to together, each on subjects of its own. */
export type PooledVerdict = Required<Pick<Verdict, 'results' | 'tables' | 'notes'>>;

/** Scores what a network says, beside the trivial predictor. Fed block by block, so that no run holds all outputs. */
export interface Judge {
  /**
   * Outputs of some examples, whose labels are in the samples.
   * @param samples of each example's first image
   * @param drawn what the input drew for each
   * @param images where the part's input alters them, shows several or has tables
   * @throws ShapeError for outputs of more or fewer images
   */
  add(outputs: HostOutputs, samples: readonly Sample[], drawn: ArrayLike<number>, images?: InputImages): void;
  /** What to show of image `row` of the newest block. */
  marks(row: number): readonly Mark[];
  done(): Verdict;
}

/** Counts what validations add. */
export interface Tally {
  /** @throws ShapeError for outputs of more or fewer images */
  add(outputs: HostOutputs, samples: readonly Sample[]): void;
  /** Null where there was nothing to count. */
  value(): number | null;
}

/** A figure of validation images that says better than the loss how good weights are, and costs little. */
export interface Figure {
  /** `Dice` */
  readonly title: string;
  /** Decimals worth showing. */
  readonly digits: number;
  readonly better: 'lower' | 'higher';
  begin(): Tally;
}

/** Reads the lines that a network draws: where the planes of other views cut an image. */
export interface LineReader {
  readonly views: readonly string[];
  /** For each of `count` images the line of each view, in pixels of the grid; null where none was found. */
  read(outputs: HostOutputs, count: number): (FoundLine | null)[][];
  /** What one would answer without looking, from the training images: a line of each view, null where they have none. */
  usual(training: readonly Sample[]): (Line | null)[];
}

/** A task set up for some data. */
export interface Part {
  readonly fields: readonly Field[];
  readonly heads: readonly Head[];
  /** What an example looks at; default one augmented image. Parts of one input share a forward pass. */
  readonly input?: TaskInput;
  /** What each series of its marks is: names of views or classes. */
  readonly series: readonly string[];
  /** What the network was trained to tell, as part of a sentence. */
  readonly tells: string;
  /** What the channels of its first head stand for, in order: classes, background first, or views; absent where they have no names. */
  readonly channels?: readonly string[];
  /** Of a task whose network draws other planes' lines, so that planes can be planned by it. */
  readonly lineReader?: LineReader;
  /** Of a task that learns from annotations: whether an image has any of them. Tasks with one such function share images, unless they are semi-supervised. */
  readonly labelled?: (sample: Sample) => boolean;
  /** Writes the labels of an example; what is not set stays masked. */
  fill(example: Example, row: Row): void;
  /** One element: the mean over the labels that exist, 0 where none does. */
  loss(step: Step): Tensor;
  /** By what validations may choose the best weights, where that is not the loss. */
  readonly figure?: Figure;
  /** @param training what the trivial predictor knows */
  judge(training: readonly Sample[]): Judge;
  /**
   * Looks at the training images before the first loss, which may take something from them: the weights of classes, say.
   * @throws ConfigError where they lack its labels
   */
  check(training: readonly Sample[]): void;
  /** What to know of the training images that is not wrong: how many say nothing to it; null where there is nothing. */
  notice?(training: readonly Sample[]): string | null;
}

/** Which values a setting may have: a kind of settings.ts. Opaque here, for declarations may not name the library behind. */
export interface SettingKind<T = unknown> {
  readonly '~standard': { readonly types?: { readonly output: T } | undefined };
}

/** A kind for each setting. */
export type SettingKinds<S> = { readonly [K in keyof S]-?: SettingKind<S[K]> };

/** A task: all that the program knows of it. */
export interface Task<S = unknown> {
  readonly name: string;
  readonly title: string;
  /** One sentence: what the network learns. */
  readonly about: string;
  /** What its loss is called in charts. */
  readonly lossTitle: string;
  /** What it learns from beside images and geometry: of several kinds of images in a folder, those that have it are then taken. */
  readonly learnsFrom?: Annotation;
  /** Of a task that learns from those, and from images without them, too. */
  readonly semiSupervised?: true;
  /** Its section of the configuration, beside the weight of its loss. */
  readonly settings: SettingKinds<S>;
  readonly defaults: S;
  /** Settings that files of earlier versions lack, as what was done then. */
  readonly added?: Partial<S>;
  /**
   * Figures that need many subjects at once, of folds too small to have them; their keys are none of the verdict's.
   * @param summaries its parts of the evaluations of the folds, one at least, each of which `poolable` says yes to
   */
  readonly pool?: (summaries: readonly object[]) => PooledVerdict;
  /** Whether its part of an evaluation that was read from a file is as the verdict made it; with `pool`. */
  readonly poolable?: (summary: unknown) => boolean;
  /** @throws ConfigError where the data lack what it needs */
  setup(facts: Facts, settings: S, grid: Grid): Part;
}

/**
 * A task with the type of its settings checked where it is defined, and nowhere else.
 * @example
 * const rotation = tasks.find(({ name }) => name === 'rotation');
 * const small = defineTask({ ...rotation, name: 'small-rotation', defaults: { hidden: 8, dropout: 0 } });
 * const facts = { targetView: 'axial', referenceViews: [] };
 * const { heads } = small.setup(facts, small.defaults, { size: 64, spacingMm: 3 });
 * heads.map(({ path }) => path); // ["rotation_layers"]
 */
export function defineTask<S>(task: Task<S>): Task {
  return task as Task;
}
