/** @file What commands print: results on standard output, as a table or as JSON; everything else on standard error. */
import { InvalidArgumentError } from 'commander';
import { type Column, formatTable } from './table.ts';

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function printTable<T>(columns: readonly Column<T>[], rows: readonly T[]): void {
  process.stdout.write(`${formatTable(columns, rows)}\n`);
}

/** A remark for the person at the terminal. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** `1 image`, `3 images`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Reads an option's number. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** Collects an option that may be given several times. */
export function collect<T>(parse: (text: string) => T): (text: string, before?: readonly T[]) => T[] {
  return (text, before = []) => [...before, parse(text)];
}
