/** @file `planewise experiment`: what pretraining is worth, over a grid of labelled subjects, steps and seeds. */
import type { Command } from 'commander';
import { capital, plural } from '../base/words.ts';
import { readBytes } from '../data/files/files.node.ts';
import { type Identifiers, identifierChoices } from '../data/identifiers/pseudonyms.ts';
import { parseFold } from '../data/strata.ts';
import { layoutNotes } from '../report/comparisons.ts';
import { coverageNotes } from '../report/coverage.ts';
import { type Comparison, type PretrainedRun, summarizeArm } from '../results/experiment.ts';
import { planeMedians } from '../results/planes.ts';
import { rounded } from '../results/result.ts';
import type { RunConfig } from '../run/config.ts';
import { readExperiment } from '../run/experiment/file.ts';
import { runExperiment } from '../run/experiment/go.node.ts';
import { type Share, unitTitle } from '../run/experiment/grid.ts';
import type { ExperimentConsole, ExperimentEnd, ExperimentOptions } from '../run/experiment/options.node.ts';
import { type ExperimentPlan, type PlannedUnit, planExperiment } from '../run/experiment/plan.node.ts';
import { type ReportedExperiment, reportAgain, reportExperiment } from '../run/experiment/report.node.ts';
import type { Experiment } from '../run/experiment/settings.ts';
import { revealedText } from '../run/identifiers.node.ts';
import { formatSeconds, startProgress } from '../train/progress.ts';
import { Needed, Option } from './commandline.ts';
import { resultColumns } from './evaluation.ts';
import { type Execution, executors, makerOf } from './executors.node.ts';
import { adapterOption, addExample, orElse } from './help.ts';
import { interruptible } from './interrupt.ts';
import { collect, note, parseCount, print, printTable } from './output.ts';
import { comparedPlaneColumns } from './planes.ts';

interface ExperimentArguments {
  readonly out?: string;
  readonly plan?: boolean;
  readonly report?: boolean;
  readonly only?: readonly string[];
  readonly points?: NonNullable<Share['part']>;
  readonly adapter?: NonNullable<RunConfig['adapter']>;
  readonly identifiers?: Identifiers;
  readonly tensorboard?: boolean;
}

function parsePart(text: string): NonNullable<Share['part']> {
  const part = parseFold(text, 1);
  if (!part) throw new Needed('k/n, such as 1/2,');
  return part;
}

function experimentConsole(): ExperimentConsole {
  let at = '';
  return {
    say: note,
    warn: (line) => note(`warning: ${line}`),
    startStage: (label, total) => startProgress(at ? `${at} ${label}` : label, total),
    startRun(title, number, of, left) {
      at = `[${number}/${of}]`;
      const time = left === null ? '' : `  (about ${formatSeconds(left)} left)`;
      print(`${at} ${title}${time}`);
    },
  };
}

const words = { none: 'to do', begun: 'begun', done: 'done' } as const;

function printPlan({ units, secondsLeft, tried, untried }: ExperimentPlan): void {
  printTable(
    [
      { title: 'RUN', cell: ({ unit }: PlannedUnit) => unitTitle(unit) },
      { title: 'STEPS', cell: ({ steps }) => steps },
      { title: 'STATE', cell: ({ state }) => words[state] },
      { title: 'MINUTES', cell: ({ seconds }) => rounded(seconds === null ? null : seconds / 60, 1) },
    ],
    units,
  );
  const due = units.filter(({ state }) => state !== 'done').length;
  const how = tried ? 'by a few steps tried now on this machine' : 'by the finished runs';
  const time =
    secondsLeft === null
      ? 'how long they take is not known'
      : `about ${formatSeconds(secondsLeft)} of training, ${how}; preparing data and evaluating come on top`;
  note(`${due} of ${plural(units.length, 'run')} to do: ${time}`);
  if (untried !== null) note(`No step could be tried here: ${untried}`);
}

/** The main figure, every initialisation beside scratch. */
function printDifferences({ main, comparisons, scratch, runs }: ReportedExperiment): void {
  if (!main) return;
  const meanOf = (initialisation: string, place: Comparison) =>
    rounded(summarizeArm(runs, initialisation, place, main.key).mean, main.digits);
  print(`${main.title}:`, true);
  printTable(
    [
      { title: 'BEGINS WITH', cell: ({ initialisation }: Comparison) => initialisation },
      { title: 'LABELLED', cell: ({ labelled }) => labelled },
      { title: 'STEPS', cell: ({ steps }) => steps },
      { title: scratch.toUpperCase(), cell: (one) => meanOf(scratch, one) },
      { title: 'WITH IT', cell: (one) => meanOf(one.initialisation, one) },
      { title: 'DIFFERENCE', cell: ({ mean }) => rounded(mean, main.digits) },
      { title: '95 % OVER SEEDS', cell: ({ test }) => intervalText(test, main.digits) },
      { title: 'SEEDS WON', cell: ({ wins, seeds }) => `${wins} of ${seeds}` },
    ],
    comparisons.get(main.key)!,
  );
  for (const line of layoutNotes(comparisons.get(main.key)!)) note(line);
}

/** Planes planned on the test studies, where the pretraining's network draws lines. */
function printPlanes({ title, planned }: PretrainedRun): void {
  if (!planned) return;
  const { none, refused, planes } = planned;
  if (none !== null) {
    note(`${capital(title)}: ${none}`);
    return;
  }
  print(`Planes planned on the test studies with ${title}:`, true);
  printTable(comparedPlaneColumns, planeMedians(planes));
  for (const { subject, message } of refused) note(`${subject}: ${message}`);
}

/** With the minus of a table's numbers. */
const intervalText = (test: Comparison['test'], digits: number): string | null =>
  test && [test.low, test.high].map((end) => rounded(end, digits)!.toFixed(digits)).join(' to ');

const goesOn = 'Stopped. The same command goes on.';

/** What became of the runs. */
export interface Made extends ExperimentEnd {
  /** Runs that failed while others went on, each with why. */
  readonly failed?: readonly string[];
  /** False: there is nothing to report yet, or somebody else does. */
  readonly report?: false;
}

/**
 * Runs an experiment with the terminal attached. `worker`: see `makeCohort`.
 * @param make whoever makes the runs; default: this process
 */
export async function runWithTerminal(
  experiment: Experiment,
  folder: string,
  given: ExperimentArguments,
  worker: URL | null,
  make: (options: ExperimentOptions) => Promise<Made> = runExperiment,
): Promise<void> {
  const { only, points: part, adapter } = given;
  const share: Share = { ...(only && { only }), ...(part && { part }) };
  const { warn: onWarning, startStage } = experimentConsole();
  const reading = { onWarning, startStage, worker };
  if (given.plan)
    return printPlan(
      await planExperiment(experiment, folder, share, { ...reading, ...(adapter && { adapter }) }),
    );
  if (!given.report) {
    let training = false;
    const { stopped, report, ...end } = await interruptible(
      () => training,
      (signal) =>
        make({
          ...{ experiment, folder, share, signal, worker, console: experimentConsole() },
          ...(adapter && { adapter }),
          tensorboard: given.tensorboard === true,
          onTraining: (now) => {
            training = now;
          },
        }),
      () => goesOn,
    );
    if (stopped) {
      note(goesOn);
      process.exitCode = 130;
    }
    if (stopped || report === false) return;
    const { due, elsewhere, failed = [] } = end;
    if (due === 0) note(`All runs in ${folder} are finished; nothing was trained. Delete it to begin again.`);
    for (const line of elsewhere) note(line);
    if (elsewhere.length > 0) note('The same command runs what is left once these are done.');
    for (const line of failed) note(line);
    if (failed.length > 0) {
      note(`${plural(failed.length, 'run')} did not finish. The same command tries again.`);
      process.exitCode = 1;
    }
  }
  const reported = given.report
    ? await reportAgain(experiment, folder, reading)
    : await reportExperiment(experiment, folder);
  for (const { title, results } of reported.pretrained) {
    print(`${capital(title)}, of its own tasks:`, true);
    printTable(resultColumns, results);
  }
  printDifferences(reported);
  for (const line of coverageNotes(reported.coverage, reported.main?.title ?? null))
    note(await revealedText(line));
  for (const one of reported.pretrained) printPlanes(one);
  print(`Report: ${reported.report}`, true);
}

/** Adds the command. `worker`: the module that calls `cohortWorker` in a thread, null for no threads. */
export function addExperiment(program: Command, worker: URL | null): void {
  addExample(program.command('experiment'), 'experiment experiments/phantom-small.json --plan')
    .description(
      'fine-tune from scratch and from pretrained weights over a grid of labelled subjects, steps and seeds, and report what pretraining is worth',
    )
    .argument('<file>', 'the experiment as JSON; docs/experiments.md says what it holds')
    .option('--out <folder>', 'where its runs go (default: runs/<name>)')
    .option('--plan', 'print the runs and what they cost, and run nothing')
    .option('--report', 'only make the report again, of the runs that are finished')
    .option(
      '--only <text>',
      orElse('run points whose names hold this, * for any text; may be repeated', 'all'),
      collect(String),
    )
    .option(
      '--points <k/n>',
      orElse('run the k-th of n shares, for several machines on one folder', 'all'),
      parsePart,
    )
    .addOption(
      new Option(
        '--executor <who>',
        'who runs them: local, this machine, or slurm, which is given a job array, and the command ends',
      )
        .choices(executors)
        .default('local'),
    )
    .option('--jobs <count>', orElse('run so many at once, each in a process of its own', 1), parseCount)
    .option('--dry-run', 'with --executor slurm: write the scripts, and submit nothing')
    .option(
      '--unit <name>',
      orElse('run this alone, without a report: data, or a run as --executor names it', 'all'),
    )
    .addOption(adapterOption())
    .addOption(
      new Option(
        '--identifiers <what>',
        'what people and files are called in what is written: pseudonyms, or keep their names (default: as the file says)',
      ).choices(identifierChoices),
    )
    .option('--tensorboard', 'write event files for TensorBoard into the folder of each run')
    .action(async (file: string, given: ExperimentArguments & Execution) => {
      const read = readExperiment(new TextDecoder().decode(await readBytes(file)), file);
      const experiment = { ...read, identifiers: given.identifiers ?? read.identifiers };
      const folder = given.out ?? `runs/${experiment.name}`;
      await runWithTerminal(experiment, folder, given, worker, makerOf(file, given));
    });
}
