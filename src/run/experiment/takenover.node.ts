/** @file How much of its initial weights each initialisation took over, as its runs keep it. */
import { join } from 'node:path';
import { parseJson } from '../../base/json.ts';
import { isRecord } from '../../base/record.ts';
import type { PartlyTaken } from '../../report/takenover.ts';
import { type InitReport, initFile } from '../../train/init.ts';
import { DiskFiles } from '../../train/runfiles.node.ts';
import { readText } from '../../train/runfiles.ts';
import type { Grid, Unit } from './grid.ts';
import { stateOf } from './runs.node.ts';

const isBody = (value: unknown): value is InitReport['body'] =>
  isRecord(value) &&
  (value.parts === 'all' || value.parts === 'encoder') &&
  [value.filled, value.of].every(Number.isInteger);

/** Null where a run began as drawn, or was made by an earlier version, which kept no counts. */
async function bodyIn(folder: string): Promise<InitReport['body'] | null> {
  const text = await readText(new DiskFiles(folder), initFile);
  const value = text === null ? null : parseJson(text, join(folder, initFile));
  return isRecord(value) && isBody(value.body) ? value.body : null;
}

/**
 * Finished runs that took over only some of the weights that they could have, those that are alike once.
 * @throws FileError where a run's init.json is damaged
 */
export async function partlyTaken(
  folder: string,
  { pretrainings, points }: Pick<Grid, 'pretrainings' | 'points'>,
): Promise<PartlyTaken[]> {
  const found = new Map<string, PartlyTaken>();
  for (const { name, initialisation, kind } of [...pretrainings, ...points] as readonly Unit[]) {
    if (stateOf(join(folder, name)) !== 'done') continue;
    const body = await bodyIn(join(folder, name));
    if (!body || body.filled === body.of) continue;
    const { parts, filled, of } = body;
    const one = { initialisation, kind, parts, filled, of };
    found.set(JSON.stringify(one), one);
  }
  return [...found.values()];
}
