/** @file `pretrain`: trains on a DICOM folder, a prepared store or a phantom cohort, evaluates, writes a report. */
import { type Command, Option } from 'commander';
import type { ProfileRow } from '../autograd/profile.ts';
import { ConfigError, FileError } from '../base/errors.ts';
import { readBytes } from '../data/files/files.node.ts';
import { type GivenConfig, mergeGiven, parseGiven, presets } from '../run/config.ts';
import { type JobConsole, type JobResult, runJob } from '../run/job.node.ts';
import { sourceInfos, taskInfos } from '../run/records.ts';
import { evaluationRecord } from '../train/judge.ts';
import { startProgress } from '../train/progress.ts';
import { resultColumns } from './evaluation.ts';
import { interruptible } from './interrupt.ts';
import { collect, note, parseSeconds, plural, printJson, printTable } from './output.ts';

const taskNames = taskInfos()
  .map(({ name }) => name)
  .join(', ');
const kinds = sourceInfos()
  .map(({ title }) => title)
  .join(' or ');

/** Keys of the configuration that have a flag of their own; --set reaches the others. */
const flags = {
  data: ['--data <folder>', `a folder of ${kinds}, or a prepared store (default: a phantom cohort)`],
  out: ['--out <folder>', 'the folder of the run (default: runs/pretrain-N)'],
  preset: ['--preset <name>', 'small or zhang2024 (default: small)'],
  steps: ['--steps <count>', 'training steps'],
  batch: ['--batch <images>', 'images in a step'],
  learningRate: ['--lr <rate>', 'learning rate'],
  schedule: ['--schedule <name>', 'constant, cosine or step'],
  seed: ['--seed <seed>', 'the same seed gives the same weights on the same adapter'],
  'model.width': ['--width <channels>', 'channels of the first level'],
  size: ['--size <pixels>', 'side of the prepared images'],
  spacingMm: ['--spacing <mm>', 'pixel spacing of the prepared images'],
  precision: ['--precision <name>', 'f32, or mixed: convolutions in f16 (the adapter needs shader-f16)'],
  adapter: ['--adapter <choice>', 'gpu, system or swiftshader'],
  tune: [
    '--tune [seconds]',
    'first time the kernel variants that fit, for a minute or so many seconds, and train with the fastest',
  ],
} as const satisfies Readonly<Record<string, readonly [flag: string, help: string]>>;

const texts = new Set<string>(['data', 'out', 'preset', 'schedule', 'precision', 'adapter']);

export type Flag = keyof typeof flags;
export type Values = Readonly<Record<string, string | number>> & {
  readonly task?: string;
  readonly map?: readonly string[];
  readonly set?: readonly string[];
  readonly config?: string;
  readonly resume?: boolean;
  readonly recompute?: boolean;
  readonly json?: boolean;
  readonly profile?: boolean;
};

/** The name commander gives a flag's value. */
const nameOf = (flag: Flag): string => /--(\w+)/.exec(flags[flag][0])![1]!;

/** How the command line writes a key of the configuration, up to its value. */
function spelling(path: readonly PropertyKey[]): string {
  const key = path.join('.').replace(/^taskSettings\./, 'tasks.');
  const flag = (Object.keys(flags) as Flag[]).find((own) => own === key || key.startsWith(`${own}.`));
  if (flag) return `--${nameOf(flag)} `;
  if (path[0] === 'tasks' && (path.length === 1 || typeof path[1] === 'number')) return '--task ';
  return path[0] === 'map' || path[0] === 'recompute' ? `--${String(path[0])} ` : `--set ${key}=`;
}

/** A number, list, object, true, false or null where the text is one; else the text itself. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Puts a value where a path of keys leads. */
function put(target: Record<string, unknown>, [first, ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    target[first!] = value;
    return;
  }
  const inner = { ...(target[first!] as Record<string, unknown> | undefined) };
  put(inner, rest, value);
  target[first!] = inner;
}

/** "augmentation.rotationDeg=10" put into a configuration. */
function assign(target: Record<string, unknown>, text: string): void {
  const at = text.indexOf('=');
  if (at < 1) throw new ConfigError(`--set ${text}: write it as key=value, such as batch=8.`);
  put(target, text.slice(0, at).split('.'), parseValue(text.slice(at + 1)));
}

async function readConfigFile(path: string): Promise<GivenConfig> {
  const text = new TextDecoder().decode(await readBytes(path));
  try {
    return parseGiven(JSON.parse(text), path);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new FileError(path, `is not JSON (${error.message})`, 'Repair it.', { cause: error });
  }
}

/** What the command line says: the configuration file, with flags and then --set on top. */
export async function givenBy(values: Values): Promise<GivenConfig> {
  const file = values.config === undefined ? {} : await readConfigFile(values.config);
  const [given, sets]: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
  for (const flag of Object.keys(flags) as Flag[]) {
    const text = values[nameOf(flag)];
    if (text !== undefined) put(given, flag.split('.'), texts.has(flag) ? text : parseValue(String(text)));
  }
  if (values.task) given.tasks = values.task.split(',').map((name) => name.trim());
  if (values.map) given.map = values.map;
  if (values.recompute) given.recompute = true;
  for (const text of values.set ?? []) assign(sets, text.replace(/^tasks\./, 'taskSettings.'));
  const flagged = mergeGiven(file, parseGiven(given, 'command line', spelling));
  return mergeGiven(flagged, parseGiven(sets, 'command line', spelling));
}

const jobConsole = (quiet: boolean): JobConsole => ({
  say: quiet ? note : (line) => process.stdout.write(`${line}\n`),
  warn: (line) => note(`warning: ${line}`),
  startStage: (label, total) => startProgress(label, total),
});

function printProfile({ rows, trace }: NonNullable<JobResult['profile']>): void {
  const total = rows.reduce((sum, { ms }) => sum + ms, 0);
  process.stdout.write(`\nA training step by kernel, ${total.toFixed(1)} ms on the device:\n`);
  printTable(
    [
      { title: 'KERNEL', cell: (row: ProfileRow) => row.label },
      { title: 'LAUNCHES', cell: (row) => row.launches },
      { title: 'MS', cell: (row) => Number(row.ms.toFixed(3)) },
      { title: 'SHARE (%)', cell: (row) => Number((100 * row.share).toFixed(1)) },
    ],
    rows,
  );
  process.stdout.write(`\nTrace for chrome://tracing or Perfetto: ${trace}\n`);
}

function finish({ config, training, profile, results, report }: JobResult, json: boolean): void {
  if (!results) {
    note(`Stopped after step ${training.step} of ${config.steps}.`);
    note(`Go on with: pretrain --resume --out ${config.out}`);
    process.exitCode = 130;
    return;
  }
  const { part, images, subjects } = results;
  if (json) {
    printJson({
      out: config.out,
      report,
      ...evaluationRecord(results),
      ...(profile ? { profile: profile.rows } : {}),
    });
    return;
  }
  process.stdout.write(`\n${plural(images, 'image')} of ${plural(subjects, `${part} subject`)}:\n`);
  printTable(resultColumns, results.results);
  if (profile) printProfile(profile);
  process.stdout.write(`\nReport: ${report}\n`);
}

export interface PretrainOptions {
  readonly resume?: boolean;
  readonly json?: boolean;
  readonly profile?: boolean;
}

/** Runs a pretraining job with the terminal attached. `worker`: see `makeCohort`. */
export async function pretrain(
  given: GivenConfig,
  { resume = false, json = false, profile = false }: PretrainOptions,
  worker: URL | null,
): Promise<void> {
  let training = false;
  const result = await interruptible(
    () => training,
    (signal) =>
      runJob({
        given,
        resume,
        profile,
        console: jobConsole(json),
        signal,
        worker,
        onTraining: (now) => {
          training = now;
        },
      }),
  );
  finish(result, json);
}

/** Adds options that `givenBy` reads. */
export function addConfigOptions(command: Command, chosen = Object.keys(flags) as Flag[]): void {
  for (const flag of chosen) {
    const option = new Option(flags[flag][0], flags[flag][1]);
    command.addOption(flag === 'tune' ? option.preset('60').argParser(parseSeconds) : option);
  }
  command
    .option(
      '--task <names>',
      `tasks to train, with commas between them: ${taskNames} (default: ${Object.keys(presets.small.tasks).join(',')})`,
    )
    .option(
      '--set <key=value>',
      'any key of the configuration, such as augmentation.rotationDeg=10',
      collect(String),
    )
    .option('--config <file>', 'a JSON file with any part of the configuration; flags go before it');
}

/** Adds the command. `worker`: the module that calls `cohortWorker` in a thread, null for no threads. */
export function addPretrain(program: Command, worker: URL | null): void {
  const command = program
    .command('pretrain')
    .description(
      'train on anatomy-oriented MR by self-supervision, evaluate on held-out subjects, write a report',
    );
  addConfigOptions(command);
  command
    .option(
      '--map <name=view>',
      'a folder, series or description that is a view; may be repeated',
      collect(String),
    )
    .option('--recompute', 'compute activations again in backward: less memory, the same results, more time')
    .option('--resume', 'go on with the run in --out')
    .option('--profile', 'after training, print the time of a step by kernel and write trace.json')
    .option('--json', 'print the evaluation as JSON')
    .action(async (values: Values) => {
      await pretrain(await givenBy(values), values, worker);
    });
}
