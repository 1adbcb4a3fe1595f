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
  return text.split('\n').flatMap((line, index) => {
    if (line === '') return [];
    try {
      return [JSON.parse(line) as T];
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

/** A line's step; null where the line is damaged. */
function stepOf(line: string): number | null {
  try {
    const { step } = JSON.parse(line) as { readonly step?: unknown };
    return Number.isSafeInteger(step) ? (step as number) : null;
  } catch {
    return null;
  }
}

interface LogLine {
  readonly line: string;
  /** From 1. */
  readonly number: number;
  /** Null where it is damaged. */
  readonly step: number | null;
}

const linesOf = (text: string): LogLine[] =>
  text.split('\n').map((line, index) => ({ line, number: index + 1, step: stepOf(line) }));

/** The damaged lines; null: there are none. A last one that a write has cut short, or has not ended, is none. */
function damageText(lines: readonly LogLine[]): string | null {
  const end = lines.at(-1);
  // a write that was cut short is of a step that comes again; one that is zeros was whole before the power went
  const cut = (one: LogLine) => one === end && !one.line.includes('\0');
  const damaged = lines.filter((one) => one.step === null && !cut(one)).map(({ number }) => number);
  return damaged.length > 0 ? linesText(damaged) : null;
}

/**
 * The records of a log as far as they are whole, for who only looks: of damaged lines `onWarning` is told by file and
 * number.
 */
export async function readWhole<T>(
  files: RunFiles,
  name: string,
  onWarning: (message: string) => void,
): Promise<T[]> {
  const lines = linesOf((await readText(files, name)) ?? '');
  const damage = damageText(lines);
  if (damage !== null) onWarning(`${files.describe(name)}: ${damage}.`);
  return lines.filter(({ step }) => step !== null).map(({ line }) => JSON.parse(line) as T);
}

/** Lines by their numbers, as words. */
function linesText(numbers: readonly number[]): string {
  const [first, last] = [numbers[0]!, numbers.at(-1)!];
  if (numbers.length === 1) return `line ${first} is damaged`;
  const all = last - first + 1 === numbers.length;
  return `${all ? `lines ${first} to ${last}` : `${numbers.length} lines, first line ${first},`} are damaged`;
}

/** What a log lacks of the steps up to the checkpoint's, as words; null: nothing. */
function lackText(last: number, step: number): string | null {
  if (last >= step) return null;
  return last === 0 ? `nothing is left up to step ${step}` : `it ends at step ${last} of ${step}`;
}

/**
 * Cuts a log back to the steps up to `step`, so that a resumed run goes on as if it had never been stopped. Lines after
 * that step, and a last line cut short by a crash, are dropped. So are damaged ones, and those alone: `onWarning` is told
 * of them by file and line, and of a log that ends before `step`, which a power cut can leave.
 */
export async function truncateLog(
  files: RunFiles,
  name: string,
  step: number,
  onWarning: (message: string) => void = () => {},
): Promise<void> {
  const text = (await readText(files, name)) ?? '';
  const lines = linesOf(text);
  const kept = lines.filter((one) => one.step !== null && one.step <= step);
  const problems = [damageText(lines), lackText(kept.at(-1)?.step ?? 0, step)].filter(
    (problem) => problem !== null,
  );
  if (problems.length > 0)
    onWarning(
      `${files.describe(name)}: ${problems.join('; ')}. What it says of other steps is kept; the training itself goes on from the checkpoint as it was.`,
    );
  const result = kept.map(({ line }) => `${line}\n`).join('');
  if (result !== text) await writeText(files, name, result);
}

/** The metrics without their wall-clock fields: equal byte by byte for two runs of one seed on one adapter. */
export function withoutTimings(metrics: string): string {
  return metrics.replaceAll(/,"(imagesPerSecond|communicationMs|communicationWaitMs)":[^,}]*/g, '');
}
