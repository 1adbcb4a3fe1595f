/** @file What the command line says of a run's configuration: flags, --set and a file. */
import { type Command, Option } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { assign, parseValue, put } from '../run/assign.ts';
import { type GivenConfig, mergeGiven, parseGiven, taskNames } from '../run/config.ts';
import { sourceInfos } from '../run/records.ts';
import { readConfigFile } from '../run/saved.node.ts';
import { collect, parseSeconds } from './output.ts';

const kinds = sourceInfos()
  .map(({ title }) => title)
  .join(' or ');

/** Keys of the configuration that have a flag of their own; --set reaches the others. */
const flags = {
  data: ['--data <folder>', `a folder of ${kinds}, or a prepared store (default: a phantom cohort)`],
  unlabelled: ['--unlabelled <folder>', 'further images, for the tasks that need no masks and no groups'],
  target: [
    '--target <view>',
    'the view that is learnt from (default: short-axis; of phantom knees sagittal)',
  ],
  out: ['--out <folder>', 'the folder of the run (default: the first free runs/<command>-N)'],
  preset: [
    '--preset <name>',
    'what holds where nothing is said: small, zhang2024, finetune, classify or acdc',
  ],
  init: [
    '--init <weights>',
    'start from the weights of this run, of a .safetensors or .npz file, or builtin: those in the package',
  ],
  initParts: ['--init-parts <which>', 'of these weights all that fit, or those of the encoder'],
  freeze: ['--freeze <part>', 'what keeps the weights it starts from: none or encoder (default: none)'],
  freezeSteps: ['--freeze-steps <count>', 'how many steps that is for (default: all)'],
  labelled: ['--labelled <count>', 'use the masks or groups of so many training subjects, and no others'],
  steps: ['--steps <count>', 'training steps'],
  batch: ['--batch <images>', 'images in a step'],
  learningRate: ['--lr <rate>', 'learning rate'],
  schedule: ['--schedule <name>', 'constant, cosine, step (×0.3 each fifth) or halving (each tenth)'],
  seed: ['--seed <seed>', 'the same seed gives the same weights on the same adapter'],
  'model.width': ['--width <channels>', 'channels of the first level'],
  size: ['--size <pixels>', 'side of the prepared images'],
  spacingMm: ['--spacing <mm>', 'pixel spacing of the prepared images'],
  identifiers: [
    '--identifiers <what>',
    'what people and files are called in what is written: pseudonyms, or keep their names',
  ],
  precision: ['--precision <name>', 'f32, or mixed: convolutions in f16 (the adapter needs shader-f16)'],
  adapter: ['--adapter <choice>', 'gpu, system or swiftshader'],
  tune: [
    '--tune [seconds]',
    'first time the kernel variants that fit, for a minute or so many seconds, and train with the fastest',
  ],
} as const satisfies Readonly<Record<string, readonly [flag: string, help: string]>>;

const texts = new Set<string>([
  ...['data', 'unlabelled', 'target', 'out', 'preset', 'init', 'initParts', 'freeze'],
  ...['schedule', 'precision', 'adapter', 'identifiers'],
]);

export type Flag = keyof typeof flags;
export type Values = Readonly<Record<string, string | number>> & {
  readonly task?: string;
  readonly map?: readonly string[];
  readonly set?: readonly string[];
  readonly config?: string;
  readonly resume?: boolean;
  readonly recompute?: boolean;
  readonly mirror?: boolean;
  readonly json?: boolean;
  readonly profile?: boolean;
  readonly tensorboard?: boolean;
};

/** `init-parts` */
const writtenOf = (flag: Flag): string => /--([\w-]+)/.exec(flags[flag][0])![1]!;

/** The name commander gives a flag's value: `initParts`. */
const nameOf = (flag: Flag): string =>
  writtenOf(flag).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** How the command line writes a key of the configuration, up to its value. */
function spelling(path: readonly PropertyKey[]): string {
  const key = path.join('.').replace(/^taskSettings\./, 'tasks.');
  const flag = (Object.keys(flags) as Flag[]).find((own) => own === key || key.startsWith(`${own}.`));
  if (flag) return `--${writtenOf(flag)} `;
  if (path[0] === 'tasks' && (path.length === 1 || typeof path[1] === 'number')) return '--task ';
  return ['map', 'recompute', 'mirror'].includes(String(path[0])) ? `--${String(path[0])} ` : `--set ${key}=`;
}

/** "augmentation.rotationDeg=10" put into a configuration. */
function assignText(target: Record<string, unknown>, text: string): void {
  const at = text.indexOf('=');
  if (at < 1) throw new ConfigError(`--set ${text}: write it as key=value, such as batch=8.`);
  assign(target, text.slice(0, at), parseValue(text.slice(at + 1)));
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
  if (values.mirror) given.mirror = true;
  for (const text of values.set ?? []) assignText(sets, text);
  const flagged = mergeGiven(file, parseGiven(given, 'command line', spelling));
  return mergeGiven(flagged, parseGiven(sets, 'command line', spelling));
}

/** Adds options that `givenBy` reads. */
export function addConfigOptions(command: Command, chosen = Object.keys(flags) as Flag[]): void {
  for (const flag of chosen) {
    const option = new Option(flags[flag][0], flags[flag][1]);
    command.addOption(flag === 'tune' ? option.preset('60').argParser(parseSeconds) : option);
  }
  command
    .option('--task <names>', `what is learnt, by name, with commas between: ${taskNames.join(', ')}`)
    .option(
      '--set <key=value>',
      'any key of the configuration, such as augmentation.rotationDeg=10',
      collect(String),
    )
    .option('--config <file>', 'a JSON file with any part of the configuration; flags go before it');
}
