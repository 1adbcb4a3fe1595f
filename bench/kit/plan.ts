/** @file What the kit does, in which order and for how long: the most important first, so that a run that is cut still tells. */
import type { ConfigName } from '../network.ts';

/** What a run says of one of its tasks. */
export type State = 'done' | 'failed' | 'cut' | 'waiting';

export interface Task {
  readonly part: PartName;
  /** Of the task alone: the part, and what of it. */
  readonly name: string;
  /** Seconds it may take; what it does not need, the next may. */
  readonly seconds: number;
  /** The program of dist/bench, or another of dist, and its arguments. */
  readonly program: string;
  readonly args: readonly string[];
}

/** In the order in which they run, with what they tell. */
export const parts = {
  adapter: 'the adapter, its features and limits, and what was tried to find it',
  forms: 'every form of every kernel against float64 and PyTorch’s results',
  roofline: 'what the adapter can do at best',
  steps: 'train steps in every way, PyTorch’s beside them, and the model’s error',
  kernels: '3×3 convolutions at the networks’ shapes',
  memory: 'bytes of a step at its peak',
  start: 'npm start',
  profile: 'a step by kernel, and a trace',
} as const;

export type PartName = keyof typeof parts;
export const partNames = Object.keys(parts) as PartName[];

/** The largest network first. */
const allConfigs: readonly ConfigName[] = ['zhang2024', 'M', 'S'];

/** Seconds of all tasks together. */
export const TOTAL_S = 510;

const compiled = ['PyTorch f32 compiled', 'PyTorch bf16 channels-last compiled'];

const bench = (part: PartName, args: readonly string[], seconds: number, also = ''): Task => {
  return { part, name: [part, also].filter(Boolean).join(' '), seconds, program: 'bench/main.js', args };
};

/** A task for each configuration. */
const each = (
  part: PartName,
  seconds: readonly number[],
  args: (config: ConfigName) => readonly string[],
): Task[] =>
  allConfigs.map((config, i) => bench(part, [...args(config), '--configs', config], seconds[i]!, config));

const steps = (seconds: readonly number[]): Task[] =>
  each('steps', seconds, () => ['ways', '--steps', '15', '--without', 'compiled']);

/** PyTorch's compiler takes long; it has its turn when all else of the steps is there. */
const compiledSteps = bench(
  'steps',
  ['ways', '--steps', '15', '--configs', 'zhang2024', ...compiled.flatMap((name) => ['--engine', name])],
  45,
  'zhang2024 compiled',
);

/** Everything. Their seconds add up to TOTAL_S. */
const all: readonly Task[] = [
  { part: 'adapter', name: 'adapter', seconds: 35, program: 'kit itself', args: [] },
  { part: 'forms', name: 'forms', seconds: 95, program: 'bench/checked.js', args: [] },
  bench('roofline', ['roofline'], 15),
  ...steps([95, 40, 35]),
  compiledSteps,
  ...each('kernels', [20, 10, 10], () => ['kernels']),
  ...each('memory', [14, 8, 8], () => ['memory']),
  { part: 'start', name: 'start', seconds: 45, program: 'train.js', args: [] },
  ...each('profile', [19, 8, 8], () => ['profile']),
];

/** What is asked for, from the environment. */
export interface Wish {
  readonly parts: readonly PartName[];
  readonly configs: readonly ConfigName[];
  /** Seconds for all tasks together. */
  readonly seconds: number;
}

function listOf<T extends string>(
  name: string,
  text: string | undefined,
  allowed: readonly T[],
): readonly T[] {
  if (!text) return allowed;
  const found = text.split(/[\s,]+/).filter(Boolean);
  const wrong = found.find((one) => !(allowed as readonly string[]).includes(one));
  if (wrong !== undefined) throw new Error(`${name} has "${wrong}". Use ${allowed.join(', ')}.`);
  return found as T[];
}

/** @throws Error naming the variable that is wrong, and what it may be */
export function wishOf(env: Readonly<Record<string, string | undefined>>): Wish {
  const seconds = Number(env.LIMIT || TOTAL_S);
  if (!(seconds > 0 && seconds < 1e6)) throw new Error(`LIMIT is "${env.LIMIT}". Use seconds, such as 510.`);
  return {
    parts: listOf('PARTS', env.PARTS, partNames),
    configs: listOf('CONFIGS', env.CONFIGS, allConfigs),
    seconds,
  };
}

const configOf = ({ args }: Task): string | undefined => args[args.indexOf('--configs') + 1];

/** Whether a task is of no configuration, or of one that is asked for. */
const isOf = (task: Task, configs: readonly ConfigName[]): boolean =>
  !task.args.includes('--configs') || configs.some((config) => config === configOf(task));

/** What became of an earlier run's tasks, by name. */
export type Earlier = Readonly<Record<string, State>>;

/** A repeated task may have more time than it had, where others need none. */
const MOST_MORE = 4;

/** Every limit times the same number, so that together they are `seconds`, or `most` times what they were. */
function scaled(tasks: readonly Task[], seconds: number, most: number): Task[] {
  const sum = tasks.reduce((total, task) => total + task.seconds, 0);
  const factor = Math.min(most, seconds / sum);
  return tasks.map((task) => ({ ...task, seconds: task.seconds * factor }));
}

/** Programs that can repeat what went wrong alone, with all that they know of it. */
const again = (task: Task): Task => {
  const more = { forms: ['--missing', '--whole'], steps: ['--missing'] }[task.part as string] ?? [];
  return { ...task, args: [...task.args, ...more] };
};

/**
 * What to do, in order. The adapter is always looked at: what follows depends on it. After an earlier run only what
 * failed, was cut or did not come to its turn; nothing where all is done.
 */
export function planOf({ parts: wanted, configs, seconds }: Wish, earlier: Earlier | null): Task[] {
  const [adapter, ...rest] = all as readonly [Task, ...Task[]];
  const asked = rest.filter((task) => wanted.includes(task.part) && isOf(task, configs));
  // of the largest network
  const traced = asked.find(({ part }) => part === 'profile');
  if (traced) asked[asked.indexOf(traced)] = { ...traced, args: [...traced.args, '--trace', 'trace.json'] };
  const open = earlier ? asked.filter(({ name }) => earlier[name] !== 'done').map(again) : asked;
  if (open.length === 0 && earlier?.[adapter.name] === 'done') return [];
  // it is quick as a rule, and of no use in less
  const look = Math.min(adapter.seconds, seconds / 3);
  const most = earlier ? MOST_MORE * Math.max(1, seconds / TOTAL_S) : Number.POSITIVE_INFINITY;
  return [{ ...adapter, seconds: look }, ...scaled(open, seconds - look, most)];
}
