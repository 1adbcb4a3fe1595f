/** @file The configuration of a run in its folder: config.json, and local.json with what says where things lie on this computer. */
import { dirname } from 'node:path';
import { FileError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { isRecord } from '../base/record.ts';
import { readBytes } from '../data/files/files.node.ts';
import { DiskFiles } from '../train/runfiles.node.ts';
import { type RunFiles, readText } from '../train/runfiles.ts';
import type { GivenConfig, RunConfig } from './config.ts';
import { parseGiven } from './config.ts';
import {
  configFile,
  isLocal,
  type LocalKey,
  localAbout,
  localFile,
  newConfigFile,
  sharedConfig,
} from './shared.ts';

/** The texts of config.json and, where the configuration has anything for it, local.json; null: nothing. See `sharedConfig`. */
export function configTexts(
  config: RunConfig,
  subjectsToo: boolean,
): { readonly shared: string; readonly local: string | null } {
  const { shared, local } = sharedConfig(config, subjectsToo);
  const text = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
  return {
    shared: text(shared),
    local: Object.keys(local).length > 0 ? text({ about: localAbout, ...local }) : null,
  };
}

async function localOf(
  files: RunFiles,
  keys: readonly unknown[],
  given: GivenConfig,
): Promise<Partial<Record<LocalKey, unknown>>> {
  const local = keys.filter(isLocal);
  const missing = local.filter((key) => given[key] === undefined);
  const path = files.describe(localFile);
  const text = await readText(files, localFile);
  if (text === null && missing.length === 0) return {};
  if (text === null)
    throw new FileError(
      path,
      `does not exist, and ${configFile} has ${missing.join(', ')} there`,
      `Put it back, or give ${missing.map((key) => (key === 'subjects' ? '--set subjects=…' : `--${key}`)).join(', ')}.`,
    );
  const value = parseJson(text, path, 'Repair it, or start a new run.');
  return Object.fromEntries(local.map((key) => [key, isRecord(value) ? value[key] : undefined]));
}

/** The content of a configuration's file, with what local.json beside it has of it. */
async function savedIn(
  files: RunFiles,
  { value, path }: { readonly value: unknown; readonly path: string },
  given: GivenConfig = {},
): Promise<GivenConfig> {
  if (!isRecord(value) || !Array.isArray(value.local)) return parseGiven(value, path);
  const { local, ...shared } = value;
  return parseGiven({ ...shared, ...(await localOf(files, local as unknown[], given)) }, path);
}

/**
 * Any file with a part of a configuration; that of a run, too.
 * @throws ConfigError where it is none, FileError where it cannot be read, or local.json is missing
 */
export async function readConfigFile(path: string): Promise<GivenConfig> {
  const text = new TextDecoder().decode(await readBytes(path));
  return savedIn(new DiskFiles(dirname(path)), { value: parseJson(text, path), path });
}

/**
 * The configuration that a run was begun with; of runs of before identifiers were a setting names are kept. Null where
 * there is none.
 * @param given what need not be there, for it is given anew
 * @throws FileError where it is damaged, or local.json is missing
 */
export async function readSaved(files: RunFiles, given: GivenConfig = {}): Promise<GivenConfig | null> {
  for (const name of [configFile, newConfigFile]) {
    const text = await readText(files, name);
    if (text === null) continue;
    const path = files.describe(name);
    const value = parseJson(text, path, 'Repair it, or start a new run.');
    return { identifiers: 'keep', ...(await savedIn(files, { value, path }, given)) };
  }
  return null;
}
