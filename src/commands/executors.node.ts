/** @file Who runs an experiment: this process, several of this machine, or Slurm. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../base/errors.ts';
import { listed, plural } from '../base/words.ts';
import { beginExperiment } from '../run/experiment/begin.node.ts';
import { runExperiment, runUnit } from '../run/experiment/go.node.ts';
import { runLocally } from '../run/experiment/local.node.ts';
import type { ExperimentOptions } from '../run/experiment/options.node.ts';
import { submitExperiment } from '../run/experiment/slurm/submit.node.ts';
import type { Made } from './experiment.ts';
import { note, print } from './output.ts';

export const executors = ['local', 'slurm'] as const;

/** Who runs an experiment, as the command line says. */
export interface Execution {
  readonly executor: (typeof executors)[number];
  readonly jobs?: number;
  readonly unit?: string;
  readonly dryRun?: boolean;
  readonly only?: readonly string[];
  readonly points?: object;
  readonly adapter?: string;
  readonly identifiers?: string;
  readonly tensorboard?: boolean;
}

/** How a process of its own makes the experiment, whole but for what of it. */
function commandOf(
  file: string,
  { adapter, identifiers, tensorboard }: Execution,
  { folder, worker }: ExperimentOptions,
): string[] {
  if (!worker) throw new ConfigError('This program has no processes of its own. Run planewise.');
  const program = fileURLToPath(new URL('./cli.js', worker));
  return [
    ...[process.execPath, program, 'experiment', resolve(file), '--out', resolve(folder)],
    ...(adapter ? ['--adapter', adapter] : []),
    ...(identifiers ? ['--identifiers', identifiers] : []),
    ...(tensorboard ? ['--tensorboard'] : []),
  ];
}

/** Throws ConfigError for options that do not go together. */
function expectFitting({ executor, jobs, dryRun, unit, only, points }: Execution): void {
  const slurm = executor === 'slurm';
  if (slurm && jobs !== undefined)
    throw new ConfigError('--jobs is of --executor local: Slurm decides how many run at once. Leave it out.');
  if (!slurm && dryRun)
    throw new ConfigError('--dry-run is of --executor slurm. What would run here --plan says.');
  const others = { '--executor slurm': slurm, '--jobs': jobs, '--only': only, '--points': points };
  const other = Object.entries(others).find(([, value]) => value);
  if (unit !== undefined && other)
    throw new ConfigError(`--unit is one run in this process. Leave out ${other[0]}.`);
}

async function inProcesses(
  options: ExperimentOptions,
  command: readonly string[],
  jobs: number,
): Promise<Made> {
  const begun = await beginExperiment(options);
  options.onTraining?.(true);
  const { folder, console, signal } = options;
  return runLocally(begun, { folder, command, jobs, console, signal });
}

/** Submits what is not finished and says what comes next. */
async function submit(
  options: ExperimentOptions,
  command: readonly string[],
  dryRun: boolean,
): Promise<void> {
  const begun = await beginExperiment(options);
  const { folder, script, tasks, jobs, queued, resubmissions } = await submitExperiment(begun, {
    ...{ folder: options.folder, command, submit: !dryRun },
  });
  if (queued.length > 0)
    note(`${plural(queued.length, 'task')} of earlier submissions are still in the queue.`);
  if (folder === null) {
    if (queued.length === 0)
      note(`All runs in ${options.folder} are finished; --report makes the report again.`);
    return;
  }
  if (dryRun) {
    print(`${plural(tasks, 'task')} written to ${folder}, and nothing submitted.`);
    note(`Submit them with: bash ${script}`);
    return;
  }
  print(`${plural(tasks, 'task')} submitted as ${plural(jobs.length, 'job')}: ${listed(jobs)}`);
  note(`Scripts, tasks and logs: ${folder}`);
  note(`See how far they are: squeue --jobs=${jobs.join(',')}`);
  note(
    `A run that fails or comes to its limit of time goes back into the queue, ${resubmissions} times at most, and goes on from its checkpoint. The same command submits what did not finish.`,
  );
  note(`The report comes when all have ended: ${resolve(options.folder, 'report.html')}`);
}

/**
 * Whoever makes an experiment's runs.
 * @param file of the experiment, which each process reads again
 * @throws ConfigError for options that do not go together
 */
export function makerOf(file: string, given: Execution): (options: ExperimentOptions) => Promise<Made> {
  expectFitting(given);
  const { executor, jobs = 1, unit, dryRun = false } = given;
  if (unit !== undefined) return async (options) => ({ ...(await runUnit(options, unit)), report: false });
  if (executor === 'slurm')
    return async (options) => {
      await submit(options, commandOf(file, given, options), dryRun);
      return { stopped: false, due: 0, elsewhere: [], report: false };
    };
  if (jobs === 1) return runExperiment;
  return (options) => inProcesses(options, commandOf(file, given, options), jobs);
}
