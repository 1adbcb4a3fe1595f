/** @file What commands print: results on standard output, as a table or as JSON; everything else on standard error. */
import { asMessage, printable, printableJson } from '../base/printable.ts';
import { clearStatus } from '../train/progress.ts';
import { Needed } from './commandline.ts';
import { type Column, formatTable } from './table.ts';

export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(value, null, 2))}\n`);
}

export function printTable<T>(columns: readonly Column<T>[], rows: readonly T[]): void {
  process.stdout.write(`${printable(formatTable(columns, rows))}\n`);
}

/** A line of results, below an empty one where it is a heading. */
export function print(line: string, heading = false): void {
  clearStatus();
  process.stdout.write(`${heading ? '\n' : ''}${asMessage(line)}\n`);
}

/** A remark for the person at the terminal: a line, with a list below it perhaps. */
export function note(text: string): void {
  clearStatus();
  process.stderr.write(`${asMessage(text)}\n`);
}

/** How the next command is typed, for the person at the terminal. */
export function suggest(command: string): void {
  note(`Next: npx planewise ${command}`);
}

/** Several lines, none of which holds a name that could break it. */
export function noteLines(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** A reader of an option's number. */
const numberThat =
  (fits: (value: number) => boolean, needed: string) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && fits(value)) return value;
    throw new Needed(needed);
  };

export const parseNumber = numberThat(() => true, 'a number');
export const parseCount = numberThat(
  (value) => Number.isInteger(value) && value > 0,
  'a whole number above 0',
);
export const parsePort = numberThat(
  (value) => Number.isInteger(value) && value >= 0 && value < 65536,
  'a whole number from 0 to 65535',
);
export const parsePositive = numberThat((value) => value > 0, 'a number above 0');
export const parseSeconds = numberThat((value) => value >= 0, 'a number from 0');

/** Collects an option that may be given several times. */
export function collect<T>(parse: (text: string) => T): (text: string, before?: readonly T[]) => T[] {
  return (text, before = []) => [...before, parse(text)];
}
