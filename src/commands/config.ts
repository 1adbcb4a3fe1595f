/** @file What the command line says of a run's configuration: flags, --set and a file. */
import type { Command } from 'commander';
import { ConfigError } from '../base/errors.ts';
import { refused } from '../base/needed.ts';
import type { Split } from '../data/split.ts';
import { assign, parseValue, put } from '../run/assign.ts';
import { type GivenConfig, mergeGiven, parseGiven, taskNames } from '../run/config.ts';
import { presets } from '../run/presets.ts';
import { readConfigFile } from '../run/saved.node.ts';
import { readSplit } from '../run/split.node.ts';
import { Option } from './commandline.ts';
import { type Beginning, type Flag, flagHelp, flagNames, flagOf } from './flags.ts';
import { orElse } from './help.ts';
import { collect, parseSeconds } from './output.ts';

const texts = new Set<string>([
  ...['data', 'unlabelled', 'target', 'out', 'preset', 'init', 'initParts', 'freeze'],
  ...['schedule', 'precision', 'gradientSums', 'adapter', 'identifiers', 'emptySlices', 'fold'],
]);

export type Values = Readonly<Record<string, string | number>> & {
  readonly task?: string;
  readonly map?: readonly string[];
  readonly set?: readonly string[];
  readonly config?: string;
  readonly split?: string;
  readonly printConfig?: boolean;
  readonly resume?: boolean;
  readonly recompute?: boolean;
  readonly mirror?: boolean;
  readonly json?: boolean;
  readonly profile?: boolean;
  readonly tensorboard?: boolean;
};

/** `init-parts` */
const writtenOf = (flag: Flag): string => /--([\w-]+)/.exec(flagOf(flag))![1]!;

/** The name commander gives a flag's value: `initParts`. */
const nameOf = (flag: Flag): string =>
  writtenOf(flag).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** How the command line writes a key of the configuration, up to its value. */
function spelling(path: readonly PropertyKey[]): string {
  const key = path.join('.').replace(/^taskSettings\./, 'tasks.');
  const flag = flagNames.find((own) => own === key || key.startsWith(`${own}.`));
  if (flag) return `--${writtenOf(flag)} `;
  if (path[0] === 'tasks' && (path.length === 1 || typeof path[1] === 'number')) return '--task ';
  return ['map', 'recompute', 'mirror'].includes(String(path[0])) ? `--${String(path[0])} ` : `--set ${key}=`;
}

/** "augmentation.rotationDeg=10" put into a configuration. */
function assignText(target: Record<string, unknown>, text: string): void {
  const at = text.indexOf('=');
  if (at < 1)
    throw new ConfigError(
      `command line: ${refused('--set ', text, 'key=value, such as batch=8, is needed')}.`,
    );
  assign(target, text.slice(0, at), parseValue(text.slice(at + 1)));
}

/** Who trains, validates and tests by a file, unless another option says so too. */
async function subjectsOf(file: string, sets: Readonly<Record<string, unknown>>): Promise<Split> {
  if ('subjects' in sets)
    throw new ConfigError('--split and --set subjects= both name who trains. Give one of them.');
  return readSplit(file);
}

/** What the command line says: the configuration file, with flags and then --set on top. */
export async function givenBy(values: Values): Promise<GivenConfig> {
  const file = values.config === undefined ? {} : await readConfigFile(values.config);
  const [given, sets]: [Record<string, unknown>, Record<string, unknown>] = [{}, {}];
  for (const flag of flagNames) {
    const text = values[nameOf(flag)];
    if (text !== undefined) put(given, flag.split('.'), texts.has(flag) ? text : parseValue(String(text)));
  }
  if (values.task) given.tasks = values.task.split(',').map((name) => name.trim());
  if (values.map) given.map = values.map;
  if (values.recompute) given.recompute = true;
  if (values.mirror) given.mirror = true;
  for (const text of values.set ?? []) assignText(sets, text);
  if (values.split !== undefined) given.subjects = await subjectsOf(values.split, sets);
  const flagged = mergeGiven(file, parseGiven(given, 'command line', spelling));
  return mergeGiven(flagged, parseGiven(sets, 'command line', spelling));
}

/** Adds options that `givenBy` reads. @param begun what decides their defaults */
export function addConfigOptions(command: Command, begun: Beginning, chosen = flagNames): void {
  for (const flag of chosen) {
    const option = new Option(flagOf(flag), flagHelp(flag, begun));
    command.addOption(flag === 'tune' ? option.preset('60').argParser(parseSeconds) : option);
  }
  const names = `what is learnt, by name, with commas between: ${taskNames.join(', ')}`;
  command
    .option('--task <names>', orElse(names, Object.keys(presets[begun.preset].tasks).join(',')))
    .option(
      '--set <key=value>',
      orElse('any key of the configuration, such as augmentation.rotationDeg=10; may be repeated', 'none'),
      collect(String),
    )
    .option(
      '--config <file>',
      orElse(
        'a JSON file with any part of the configuration, such as --print-config makes; flags go before it',
        'none',
      ),
    );
}
