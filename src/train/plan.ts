/** @file The plan of a training: which network, which tasks with which weights, and how they share forward passes. */
import type { Backbone } from '../backbones/backbone.ts';
import { oneImage } from '../data/input.ts';
import { groupBy } from '../data/lists.ts';
import type { Head } from '../models/heads.ts';
import type { Facts, Figure, Grid, LineReader, Part, Task, TaskInput } from '../tasks/task.ts';

/** A task that is asked for. */
export interface ChosenTask {
  readonly task: Task;
  /** Of its loss in the sum. */
  readonly weight: number;
  readonly settings: unknown;
}

/** A task set up for the data at hand. */
export interface PlannedTask {
  readonly task: Task;
  readonly weight: number;
  readonly part: Part;
}

/** Tasks that look at the same images: one forward pass. */
export interface Stream {
  readonly input: TaskInput;
  /** Of tasks that learn from annotations: which images have any; the others say nothing to them. */
  readonly labelled?: Part['labelled'];
  readonly tasks: readonly PlannedTask[];
}

/** Network and tasks, set up for the data. */
export interface Plan {
  readonly backbone: Backbone;
  readonly tasks: readonly PlannedTask[];
  readonly streams: readonly Stream[];
  readonly heads: readonly Head[];
}

const figureWith = (figure: Figure, own: (head: Head) => Head): Figure => ({
  ...figure,
  begin() {
    const tally = figure.begin();
    return {
      add: (outputs, samples) => tally.add((head) => outputs(own(head)), samples),
      value: () => tally.value(),
    };
  },
});

const readerWith = (reader: LineReader, own: (head: Head) => Head): LineReader => ({
  ...reader,
  read: (outputs, count) => reader.read((head) => outputs(own(head)), count),
});

/** A task's part with other heads in place of those that it names. */
function withHeads(part: Part, replaced: ReadonlyMap<Head, Head>): Part {
  const own = (head: Head): Head => replaced.get(head) ?? head;
  return {
    ...part,
    heads: part.heads.map(own),
    ...(part.lineReader && { lineReader: readerWith(part.lineReader, own) }),
    loss: (step) => part.loss({ ...step, out: (head) => step.out(own(head)) }),
    ...(part.figure && { figure: figureWith(part.figure, own) }),
    judge(training) {
      const judge = part.judge(training);
      return {
        add: (outputs, ...images) => judge.add((head) => outputs(own(head)), ...images),
        marks: (row) => judge.marks(row),
        done: () => judge.done(),
      };
    },
  };
}

/** Heads that several tasks want at one path stand under the names of their tasks. */
function apart(tasks: readonly PlannedTask[]): PlannedTask[] {
  const paths = tasks.flatMap(({ part }) => part.heads.map(({ path }) => path));
  const shared = new Set(paths.filter((path, i) => paths.indexOf(path) !== i));
  return tasks.map((planned) => {
    const { task, part } = planned;
    const moved = part.heads.filter(({ path }) => shared.has(path));
    if (moved.length === 0) return planned;
    const replaced = moved.map((head) => [head, { ...head, path: `${task.name}.${head.path}` }] as const);
    return { ...planned, part: withHeads(part, new Map(replaced)) };
  });
}

/** Which images a task learns from: all, or those that have what it learns from. */
export const learnerOf = ({ task, part: { labelled } }: PlannedTask): Pick<Stream, 'labelled'> =>
  labelled && !task.semiSupervised ? { labelled } : {};

const inputOf = ({ part }: PlannedTask): TaskInput => part.input ?? oneImage;

/** Tasks by what they look at. */
export const byInput = (tasks: readonly PlannedTask[]): ReadonlyMap<TaskInput, PlannedTask[]> =>
  groupBy(tasks, inputOf);

/** Tasks by what they look at, those that learn from annotations apart: they draw other images. */
function streamsOf(tasks: readonly PlannedTask[]): Stream[] {
  return [...byInput(tasks)].flatMap(([input, own]) =>
    [...groupBy(own, (planned) => learnerOf(planned).labelled)].map(([labelled, some]) => ({
      ...{ input, tasks: some },
      ...(labelled && { labelled }),
    })),
  );
}

/**
 * Sets the tasks up for the data. Throws ConfigError where the data lack what a task needs.
 * @example
 * const task = tasks.find(({ name }) => name === 'rotation');
 * const chosen = [{ task, weight: 1, settings: task.defaults }];
 * const facts = { targetView: 'short-axis', referenceViews: [] };
 * const plan = planOf(unet.build(unet.defaults, 1), chosen, facts, { size: 64, spacingMm: 3 });
 * plan.streams.map(({ input }) => input.name); // ["turned image"]
 */
export function planOf(backbone: Backbone, chosen: readonly ChosenTask[], facts: Facts, grid: Grid): Plan {
  const { sideStep } = backbone;
  const tasks = apart(
    chosen.map(({ task, weight, settings }) => ({
      ...{ task, weight },
      part: task.setup(facts, settings, { ...grid, sideStep }),
    })),
  );
  return {
    backbone,
    tasks,
    streams: streamsOf(tasks),
    heads: tasks.flatMap(({ part }) => part.heads),
  };
}
