/** @file The scripts of a submission as text: a job array for each kind of run, the report, and what submits them. */
import { quoted } from '../../../base/shell.ts';
import type { Task } from '../tasks.node.ts';
import { resourcesOf, type SlurmResources, type SlurmSettings } from './settings.ts';

/** The table of a submission: task, run, and the run that it needs. */
export const tableFile = 'runs.tsv';
/** Which jobs were submitted, with their tasks. */
export const jobsFile = 'jobs.tsv';
export const submitScript = 'submit.sh';
const reportScript = 'report.sbatch';

/** A task in its array; tasks are counted from 1. */
export interface NumberedTask extends Task {
  readonly number: number;
}

/** A job array, or a part of one that waits for the same task. */
export interface Group {
  readonly kind: Task['kind'];
  readonly first: number;
  readonly last: number;
  readonly after: string | null;
}

export interface Submission {
  /** Of the experiment. */
  readonly name: string;
  readonly settings: SlurmSettings;
  /** The folder of the submission, absolute. */
  readonly folder: string;
  /** Where jobs run, absolute: paths of the experiment's file are relative to it. */
  readonly cwd: string;
  /** The command that makes the experiment, whole but for what it is to do. */
  readonly command: readonly string[];
  readonly tasks: readonly NumberedTask[];
  /** Tasks of earlier submissions that are still in the queue: their jobs, `<array>_<task>`, by name. */
  readonly queued: ReadonlyMap<string, string>;
}

const scripts: Readonly<Record<Task['kind'], { readonly file: string; readonly what: string }>> = {
  data: { file: 'data.sbatch', what: 'Prepares the data' },
  pretraining: { file: 'pretrainings.sbatch', what: 'Pretrainings, one a task,' },
  point: { file: 'points.sbatch', what: 'Fine-tunings, one a task,' },
};

/** A path in a line of #SBATCH. @param pattern whether Slurm fills in what stands after `%` */
const sbatchPath = (path: string, pattern = false): string =>
  `"${(pattern ? path.replaceAll('%', '%%') : path).replaceAll(/["\\]/g, '\\$&')}"`;

/** Tasks one after the other that wait for the same one. */
export function groupsOf(tasks: readonly NumberedTask[]): Group[] {
  const groups: Group[] = [];
  for (const { kind, number, after } of tasks) {
    const last = groups.at(-1);
    if (last?.kind === kind && last.after === after) groups[groups.length - 1] = { ...last, last: number };
    else groups.push({ kind, first: number, last: number, after });
  }
  return groups;
}

/** Tasks in an order in which those that wait for the same one stand together, with numbers from 1. */
export function numbered(tasks: readonly Task[]): NumberedTask[] {
  const kinds = ['data', 'pretraining', 'point'];
  const order = new Map(tasks.map(({ name }, i) => [name, i]));
  const place = ({ kind, after }: Task): number =>
    kinds.indexOf(kind) * tasks.length + (order.get(after!) ?? 0);
  // a pretraining's own is before those that go on from it
  const sorted = [...tasks].sort((a, b) => place(a) - place(b) || order.get(a.name)! - order.get(b.name)!);
  return sorted.map((task, i) => ({ ...task, number: i + 1 }));
}

export const tableText = (tasks: readonly NumberedTask[]): string =>
  [
    'task\trun\tafter',
    ...tasks.map(({ number, name, after }) => `${number}\t${name}\t${after ?? '-'}`),
    '',
  ].join('\n');

function headOf(submission: Submission, kind: string, log: string, resources: SlurmResources): string[] {
  const { name, cwd, folder } = submission;
  const { partition, account, qos, constraint, time, memory, cpus, gpus, options } = resources;
  const asked = { partition, account, qos, constraint, time, mem: memory, 'cpus-per-task': cpus };
  return [
    '#!/bin/bash',
    `#SBATCH --job-name=${name}-${kind}`,
    `#SBATCH --chdir=${sbatchPath(cwd)}`,
    `#SBATCH --output=${sbatchPath(`${folder}/logs/`, true).slice(0, -1)}${log}"`,
    '#SBATCH --open-mode=append',
    ...Object.entries(asked).flatMap(([key, value]) => (value === null ? [] : [`#SBATCH --${key}=${value}`])),
    ...(gpus === null ? [] : [`#SBATCH --gres=gpu:${gpus}`]),
    ...options.map((option) => `#SBATCH ${option}`),
  ];
}

/** The script of an array. */
export function arrayScript(submission: Submission, kind: Task['kind']): string {
  const { name, settings, folder, command } = submission;
  const { resubmissions, grace, setup } = settings;
  const { file, what } = scripts[kind];
  const short = file.replace('.sbatch', '');
  return `${[
    ...headOf(submission, short, '%A_%a.txt', resourcesOf(settings, kind)),
    '#SBATCH --requeue',
    '#SBATCH --kill-on-invalid-dep=yes',
    `#SBATCH --signal=B:TERM@${grace}`,
    `# ${what} of the experiment ${name}. ${tableFile} says which task is which run.`,
    '',
    ...setup,
    `table=${quoted(`${folder}/${tableFile}`)}`,
    `run=$(awk -F '\\t' -v task="$SLURM_ARRAY_TASK_ID" '$1 == task { print $2 }' "$table")`,
    `again=\${SLURM_RESTART_COUNT:-0}`,
    'echo "$run on $(hostname), job $SLURM_JOB_ID, resubmissions so far: $again"',
    '',
    `# ${grace} s before the limit of time, or a minute earlier, Slurm sends TERM to this shell: the run saves a checkpoint.`,
    'stop() {',
    "  trap '' TERM",
    '  stopped=yes',
    '  kill -TERM "$work"',
    `  { sleep ${Math.round(grace * 0.75)}; kill -KILL "$work"; } 2>/dev/null &`,
    '}',
    'stopped=',
    'trap stop TERM',
    `${command.map(quoted).join(' ')} --unit "$run" &`,
    'work=$!',
    'wait "$work"',
    'code=$?',
    '# a signal ends the waiting, not the run',
    'if [ "$stopped" ]; then wait "$work"; code=$?; fi',
    '',
    `if [ "$code" -ne 0 ] && [ "$again" -lt ${resubmissions} ]; then`,
    '  echo "$run ended with code $code: back into the queue, to go on from its checkpoint"',
    '  scontrol requeue "$SLURM_JOB_ID"',
    'fi',
    'exit "$code"',
  ].join('\n')}\n`;
}

/** The script of the report. */
export function reportScriptText(submission: Submission): string {
  const { name, settings, command } = submission;
  return `${[
    ...headOf(submission, 'report', 'report_%j.txt', resourcesOf(settings, 'data')),
    `# Makes the report of the experiment ${name}, of the runs that are finished, once no task is left.`,
    '',
    ...settings.setup,
    `${command.map(quoted).join(' ')} --report`,
  ].join('\n')}\n`;
}

/** The job of a task, as `submit.sh` has it. */
function jobOf(
  { queued }: Submission,
  tasks: readonly NumberedTask[],
  groups: readonly Group[],
  name: string,
): string {
  const there = queued.get(name);
  if (there !== undefined) return there;
  const { number } = tasks.find((task) => task.name === name)!;
  return `\${job${1 + groups.findIndex(({ first, last }) => first <= number && number <= last)}}_${number}`;
}

/** What submits all: it can be read, and run by hand. */
export function submitText(submission: Submission): string {
  const { name, folder, tasks, queued } = submission;
  const groups = groupsOf(tasks);
  const arrays = groups.map(({ kind, first, last, after }, i) => {
    const range = first === last ? String(first) : `${first}-${last}`;
    const on = after === null ? '' : ` --dependency=afterok:${jobOf(submission, tasks, groups, after)}`;
    return `job${i + 1}=$(submit ${range} ${scripts[kind].file}${on})`;
  });
  const all = [...groups.map((_, i) => `$job${i + 1}`), ...queued.values()];
  return `${[
    '#!/bin/bash',
    `# Submits what is left of the experiment ${name}: ${tableFile} has the tasks. The report comes when all have ended.`,
    'set -eu',
    `cd ${quoted(folder)}`,
    '',
    '# tasks, script, options: submits an array and prints its number',
    'submit() {',
    '  local job',
    `  job=$(sbatch --parsable --array="$1" "\${@:3}" "$2") || exit 1`,
    '  # behind a semicolon the name of a cluster may stand',
    `  job=\${job%%;*}`,
    `  printf '%s\\t%s\\t%s\\n' "$job" "$1" "$2" >>${jobsFile}`,
    '  echo "$job"',
    '}',
    '',
    ...arrays,
    `sbatch --parsable --dependency=afterany:${all.join(':')} ${reportScript} >/dev/null`,
  ].join('\n')}\n`;
}

/** All files of a submission, by name. */
export function submissionFiles(submission: Submission): ReadonlyMap<string, string> {
  const kinds = new Set(submission.tasks.map(({ kind }) => kind));
  return new Map([
    [tableFile, tableText(submission.tasks)],
    ...[...kinds].map((kind) => [scripts[kind].file, arrayScript(submission, kind)] as const),
    [reportScript, reportScriptText(submission)],
    [submitScript, submitText(submission)],
  ]);
}
