/** @file Names of weights here and in PyTorch: they differ where several tasks' heads want one name (house.md). */
import { ConfigError } from '../base/errors.ts';
import { misfit, type StateDict, type Weight } from '../models/state.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Plan } from '../train/plan.ts';

export { shapesOf } from '../train/network.ts';

/** A head whose name in PyTorch another head wants too: here its task's name stands before it. */
export interface Alias {
  readonly task: string;
  /** Here: `segmentation.final`. */
  readonly path: string;
  /** In PyTorch: `final`. */
  readonly name: string;
}

/** The alias table of a plan: one line for each head that had to be moved. */
export function aliasesOf({ tasks }: Plan): Alias[] {
  const moved = tasks.flatMap(({ task, part }) =>
    part.heads.flatMap(({ path }): Alias[] => {
      const prefix = `${task.name}.`;
      return path.startsWith(prefix) ? [{ task: task.name, path, name: path.slice(prefix.length) }] : [];
    }),
  );
  return moved.filter(({ name }) => moved.filter((other) => other.name === name).length > 1);
}

const isOf = (path: string, weight: string): boolean => weight.startsWith(`${path}.`);

/** Weights by their new names, and those that are left out, with why. */
export interface Renamed {
  readonly state: StateDict;
  readonly left: ReadonlyMap<string, string>;
  /** In words: `segmentation.final is final`. */
  readonly renamed: readonly string[];
}

function expectTask({ tasks }: Plan, name: string | undefined): void {
  const names = tasks.map(({ task }) => task.name);
  if (name === undefined || names.includes(name)) return;
  const own = names.length > 0 ? `theirs are ${names.join(', ')}` : 'they have none';
  throw new ConfigError(`The weights have no task ${name}; ${own}.`);
}

/** The lines of the table that hold where `task` gets the names in PyTorch. */
const chosen = (table: readonly Alias[], task: string | undefined): Alias[] =>
  table.filter((alias) => alias.task === task);

/**
 * Weights under PyTorch's names. Without a task, heads that want one name keep their tasks' names before it.
 * @param task gets the name that several want: others' heads of that name are left out
 * @throws ConfigError for a task that the plan has not
 */
export function toTorchNames(state: StateDict, plan: Plan, task?: string): Renamed {
  expectTask(plan, task);
  const table = aliasesOf(plan);
  const own = chosen(table, task);
  const taken = new Set(own.map(({ name }) => name));
  const left = new Map<string, string>();
  const named = new Map<string, Weight>();
  for (const [from, weight] of state) {
    const alias = table.find(({ path }) => isOf(path, from));
    if (!alias || !taken.has(alias.name)) named.set(from, weight);
    else if (alias.task === task) named.set(alias.name + from.slice(alias.path.length), weight);
    else left.set(from, `it is of the head of task ${alias.task}, and ${task} is exported`);
  }
  return { state: named, left, renamed: own.map(({ path, name }) => `${path} is ${name}`) };
}

/** The one head that the weights of this name in PyTorch fit, where there is one. */
function headFor(
  name: string,
  table: readonly Alias[],
  state: StateDict,
  shapes: ReadonlyMap<string, Shape>,
) {
  const weights = [...state].filter(([from]) => isOf(name, from));
  if (weights.length === 0) return null;
  const fits = ({ path }: Alias): boolean =>
    weights.every(([from, weight]) => !misfit(weight, shapes.get(path + from.slice(name.length))));
  const fitting = table.filter((alias) => alias.name === name && fits(alias));
  if (fitting.length < 2) return fitting[0] ?? null;
  const tasks = fitting.map(({ task }) => task);
  throw new ConfigError(`${name} fits the heads of ${tasks.join(' and ')}. Say whose it is with --task.`);
}

/**
 * Weights under the names here. A name that several heads want goes to the one of `task`, else to the only one of its
 * shape.
 * @throws ConfigError where that leaves several, or for a task that the plan has not
 */
export function fromTorchNames(
  state: StateDict,
  plan: Plan,
  shapes: ReadonlyMap<string, Shape>,
  task?: string,
): Renamed {
  expectTask(plan, task);
  const table = aliasesOf(plan);
  const names = [...new Set(table.map(({ name }) => name))];
  const own =
    task === undefined
      ? names.flatMap((name) => headFor(name, table, state, shapes) ?? [])
      : chosen(table, task);
  const used = own.filter(({ name }) => [...state.keys()].some((from) => isOf(name, from)));
  const entries = [...state].map(([from, weight]) => {
    const alias = used.find(({ name }) => isOf(name, from));
    return [alias ? alias.path + from.slice(alias.name.length) : from, weight] as const;
  });
  return {
    state: new Map(entries),
    left: new Map(),
    renamed: used.map(({ path, name }) => `${name} is ${path}`),
  };
}

/** As DataParallel names them. */
const WRAPPED = 'module.';

/** Names without what DataParallel puts before them, where it does so before all. */
export function unwrapped(state: StateDict): { state: StateDict; notes: readonly string[] } {
  if (state.size === 0 || ![...state.keys()].every((name) => name.startsWith(WRAPPED)))
    return { state, notes: [] };
  const entries = [...state].map(([name, weight]) => [name.slice(WRAPPED.length), weight] as const);
  return { state: new Map(entries), notes: [`names without ${WRAPPED}, which DataParallel puts before all`] };
}
