/** @file Runs a training job with the terminal attached: `pretrain` and `finetune` are this, each with its kind. */

import type { Command } from 'commander';
import type { ProfileRow } from '../autograd/profile.ts';
import { quoted } from '../base/shell.ts';
import { plural } from '../base/words.ts';
import { annotationsOf, type GivenConfig, type RunConfig } from '../run/config.ts';
import { type JobConsole, type JobResult, runJob } from '../run/job.node.ts';
import type { JobKind } from '../run/job.ts';
import { followJob } from '../run/ranks.node.ts';
import { readFound, settle } from '../run/settle.node.ts';
import { evaluationRecord } from '../train/judge.ts';
import { startProgress } from '../train/progress.ts';
import { addConfigOptions, givenBy, type Values } from './config.ts';
import { resultColumns } from './evaluation.ts';
import { addExample, orElse } from './help.ts';
import { interruptible } from './interrupt.ts';
import { collect, note, print, printJson, printTable, suggest } from './output.ts';
import { withRanks } from './ranks.ts';

const jobConsole = (quiet: boolean): JobConsole => ({
  say: quiet ? note : (line) => print(line),
  warn: (line) => note(`warning: ${line}`),
  startStage: (label, total) => startProgress(label, total),
});

function printProfile({ rows, trace }: NonNullable<JobResult['profile']>): void {
  const total = rows.reduce((sum, { ms }) => sum + ms, 0);
  print(`A training step by kernel, ${total.toFixed(1)} ms on the device:`, true);
  printTable(
    [
      { title: 'KERNEL', cell: (row: ProfileRow) => row.label },
      { title: 'LAUNCHES', cell: (row) => row.launches },
      { title: 'MS', cell: (row) => Number(row.ms.toFixed(3)) },
      { title: 'SHARE (%)', cell: (row) => Number((100 * row.share).toFixed(1)) },
    ],
    rows,
  );
  print(`Trace for chrome://tracing or Perfetto: ${trace}`, true);
}

function finish(
  { config, training, profile, results, report }: JobResult,
  { name }: JobKind,
  json: boolean,
): void {
  if (!results) {
    note(`Stopped after step ${training.step} of ${config.steps}.`);
    note(`Go on with: npx planewise ${name} --resume --out ${quoted(config.out)}`);
    process.exitCode = 130;
    return;
  }
  const { part, images, subjects, left = [] } = results;
  if (json) {
    printJson({
      out: config.out,
      report,
      ...evaluationRecord(results),
      ...(profile ? { profile: profile.rows } : {}),
    });
    return;
  }
  print(`${plural(images, 'image')} of ${plural(subjects, `${part} subject`)}:`, true);
  if (results.results.length > 0) printTable(resultColumns, results.results);
  else print('No figure: nothing could be measured of them.');
  for (const line of left) note(line);
  if (profile) printProfile(profile);
  print(`Report: ${report}`, true);
  suggestNext(config);
}

/** What a run's weights are for: those of a pretraining for a few labelled subjects, those of class maps for new images. */
function suggestNext(config: RunConfig): void {
  const annotations = annotationsOf(config);
  if (annotations.includes('masks'))
    suggest(`predict --weights ${quoted(config.out)} --data <images> --out <folder>`);
  else if (annotations.length === 0)
    suggest(`finetune --init ${quoted(config.out)} --data <labelled images> --out <folder>`);
}

export interface TrainingOptions {
  readonly resume?: boolean;
  readonly json?: boolean;
  readonly profile?: boolean;
  /** See JobRequest. */
  readonly split?: string;
  readonly tensorboard?: boolean;
}

/** What others than the first rank say: what goes wrong with them alone. */
const followerConsole = (name: string): JobConsole => ({
  say() {},
  warn: (line) => note(`warning: ${name}: ${line}`),
  startStage: () => ({ update() {}, end() {} }),
});

const beginsText = 'Stopped before training. The same command begins again.';
const trainedText =
  'Stopped, and all steps are done. With --resume and --out, its folder, the run is evaluated.';

/** Runs a job with the terminal attached, alone or as one of the ranks that a launcher of MPI started. `worker`: see `makeCohort`. */
export async function runTraining(
  kind: JobKind,
  given: GivenConfig,
  { resume = false, json = false, profile = false, split, tensorboard = false }: TrainingOptions,
  worker: URL | null,
): Promise<void> {
  let training = false;
  let trained = false;
  const onTraining = (now: boolean): void => {
    trained ||= training && !now;
    training = now;
  };
  const request = { kind, given, resume, splitFile: split };
  await withRanks(async (ranks) => {
    const follows = ranks && ranks.comm.rank > 0 ? ranks : null;
    const result = await interruptible(
      () => training,
      async (signal) => {
        if (follows) {
          const console = followerConsole(follows.names[follows.comm.rank]!);
          await followJob({ ...request, console, signal }, follows, onTraining);
          return null;
        }
        const console = jobConsole(json);
        const how = { profile, tensorboard, console, signal, worker, onTraining };
        return runJob({ ...request, ...how, ...(ranks && { ranks }) });
      },
      () => (trained ? trainedText : beginsText),
    );
    if (result) finish(result, kind, json);
  });
}

/** The configuration that a run would have, its folder included: read by --config it gives that run. */
async function printConfig(kind: JobKind, given: GivenConfig, resume = false): Promise<void> {
  const request = { kind, given, resume };
  const { config, news } = await settle(request, await readFound(request));
  for (const line of news?.warn ?? []) note(`warning: ${line}`);
  printJson(config);
}

/** Adds the command of a kind of job. `worker`: the module that calls `cohortWorker` in a thread, null for no threads. */
export function addTraining(
  program: Command,
  kind: JobKind,
  { about, example }: { readonly about: string; readonly example: string },
  worker: URL | null,
): void {
  const command = addExample(program.command(kind.name).description(about), example);
  addConfigOptions(command, kind);
  command
    .option(
      '--map <name=view>',
      orElse('a folder, series or description that is a view; may be repeated', 'none'),
      collect(String),
    )
    .option(
      '--split <file>',
      orElse(
        'who trains, validates and tests: split.json of a run, or {"train":[…],"validation":[…],"test":[…]}',
        'drawn by the seed',
      ),
    )
    .option('--recompute', 'compute activations again in backward: less memory, the same results, more time')
    .option('--mirror', 'evaluate class maps by means over mirror images: four times the work')
    .option('--resume', 'go on with the run in --out; more --steps prolong it where its schedule is constant')
    .option('--print-config', 'print the whole configuration as JSON, for --config, and run nothing')
    .option('--profile', 'after training, print the time of a step by kernel and write trace.json')
    .option(
      '--tensorboard',
      'write event files for TensorBoard into the run’s folder; --resume goes on with them',
    )
    .option('--json', 'print the evaluation as JSON')
    .action(async (values: Values) => {
      const given = await givenBy(values);
      if (values.printConfig) await printConfig(kind, given, values.resume);
      else await runTraining(kind, given, values, worker);
    });
}
