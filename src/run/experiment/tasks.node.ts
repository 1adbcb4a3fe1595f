/** @file What is left to do of an experiment, as tasks for processes of their own: which one needs which. */
import { join } from 'node:path';
import { beginsWith, chainOf, type Grid, type Unit, unitTitle } from './grid.ts';
import { isPlanned } from './planes.node.ts';
import { stateOf } from './runs.node.ts';

/** The name of the task that prepares the data of all runs. */
export const dataTask = 'data';

/** Work for a process: `planewise experiment … --unit <name>`. */
export interface Task {
  readonly kind: 'data' | Unit['kind'];
  readonly name: string;
  readonly title: string;
  /** The task that is to be done first; null: none. */
  readonly after: string | null;
}

/** Runs that are not finished: pretrainings first, those only that an unfinished point begins with. */
export function unfinished({ pretrainings, points }: Grid, folder: string): Unit[] {
  const open = ({ name }: Unit): boolean => stateOf(join(folder, name)) !== 'done';
  const due = points.filter(open);
  const needed = new Set(due.flatMap((point) => chainOf(point, open)).map(({ name }) => name));
  return [...pretrainings.filter(({ name }) => needed.has(name)), ...due];
}

/** What is left to do of a share, in an order in which it can be done: the data first; nothing where all is finished. */
export function tasksOf(own: Grid, folder: string): Task[] {
  const due = unfinished(own, folder);
  const unplanned = own.pretrainings.filter(({ name }) => {
    const at = join(folder, name);
    return stateOf(at) === 'done' && !isPlanned(at);
  });
  const units = [...unplanned, ...due];
  if (units.length === 0) return [];
  const waited = new Set(due.map(({ name }) => name));
  const after = (unit: Unit): string => {
    const made = beginsWith(unit)?.name;
    return made !== undefined && waited.has(made) ? made : dataTask;
  };
  const data = { kind: 'data' as const, name: dataTask, title: 'data of all runs', after: null };
  return [
    data,
    ...units.map((unit) => ({
      ...{ kind: unit.kind, name: unit.name },
      ...{ title: unitTitle(unit), after: after(unit) },
    })),
  ];
}
