/** @file The run's log: one JSON line per step in metrics.jsonl, one per validation in validation.jsonl. */
import { FileError } from '../base/errors.ts';
import { type RunFiles, readText, writeText } from './runfiles.ts';

export const metricsFile = 'metrics.jsonl';
export const validationFile = 'validation.jsonl';

const jsonLine = (record: object): string => `${JSON.stringify(record)}\n`;

/** Adds records at the end of a log. */
export function appendRecords(files: RunFiles, name: string, records: readonly object[]): Promise<void> {
  return records.length === 0 ? Promise.resolve() : files.append(name, records.map(jsonLine).join(''));
}

/** The records of a JSON-lines text. Throws FileError naming file and line where one is not JSON. */
export function parseRecords<T>(text: string, file: string): T[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line, index) => {
      try {
        return JSON.parse(line) as T;
      } catch (error) {
        throw new FileError(file, `line ${index + 1} is not JSON`, 'Repair or remove that line.', {
          cause: error,
        });
      }
    });
}

/** All records of a log of the run; none where the file is missing. */
export async function readRecords<T>(files: RunFiles, name: string): Promise<T[]> {
  return parseRecords<T>((await readText(files, name)) ?? '', files.describe(name));
}

/**
 * Cuts a log back to the steps up to `step`, so that a resumed run goes on as if it had never been stopped. Lines
 * after that step, and a last line cut short by a crash, are dropped.
 */
export async function truncateLog(files: RunFiles, name: string, step: number): Promise<void> {
  const text = await readText(files, name);
  if (text === null) return;
  const lines = text.split('\n').slice(0, -1);
  const kept = lines.filter((line) => (JSON.parse(line) as { step: number }).step <= step);
  const result = kept.map((line) => `${line}\n`).join('');
  if (result !== text) await writeText(files, name, result);
}

/** The metrics without their wall-clock field: equal byte by byte for two runs of one seed on one adapter. */
export function withoutTimings(metrics: string): string {
  return metrics.replaceAll(/,"imagesPerSecond":[^,}]*/g, '');
}
