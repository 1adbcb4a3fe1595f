/** @file The examples in the docstrings of the library: every function and class that is exported has one, which runs and gives what it says. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript59';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeDicom, phantomSubject } from '../src/data/phantom.ts';
import * as planewise from '../src/index.ts';
import { useDevice } from './device.ts';
import { checker, exported } from './exports.ts';

const device = useDevice();
let place: string;
/** A heart: two long-axis views and a stack, in two phases. */
const study = (): string => join(place, 'study');
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), 'planewise-examples-'));
  for (const { path, bytes } of encodeDicom(phantomSubject(1, 0, { size: 32, phases: 2 }))) {
    const file = join(study(), path.split('/').slice(-2).join('/'));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
});
afterAll(() => rm(place, { recursive: true, force: true }));

const library: Readonly<Record<string, unknown>> = planewise;

const flags = ts.SymbolFlags;

/** Whether it is a function, by whatever declaration, or a class. */
function isCalled(symbol: ts.Symbol): boolean {
  if (symbol.flags & (flags.Function | flags.Class)) return true;
  return (
    (symbol.flags & flags.Variable) !== 0 && checker.getTypeOfSymbol(symbol).getCallSignatures().length > 0
  );
}

/** Functions and classes with the text of their examples. */
const all = [...exported()].flatMap(([symbol, name]) => {
  // of what the internals are, types alone are given out
  if (name.startsWith('internals.') || !isCalled(symbol)) return [];
  const examples = symbol.getJsDocTags().filter((tag) => tag.name === 'example');
  return [{ name, examples: examples.map(({ text = [] }) => text.map((part) => part.text).join('')) }];
});

const Async = (async () => {}).constructor as new (
  ...args: string[]
) => (...values: unknown[]) => Promise<unknown>;

/** `expression; // what it gives`, `// throws Name`, or a last line without either. */
const LAST = /^(.*?);(?:\s*\/\/ (.*))?$/s;

const near = (wanted: unknown): unknown => {
  if (typeof wanted === 'number') return expect.closeTo(wanted, 5);
  return Array.isArray(wanted) ? wanted.map(near) : wanted;
};

/** Typed arrays as lists. */
const plain = (value: unknown): unknown => {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Float32Array);
  return Array.isArray(value) ? value.map(plain) : value;
};

async function run(example: string): Promise<void> {
  const lines = example.trim().split('\n');
  const [, expression, said] = LAST.exec(lines.pop()!)!;
  const folder = await mkdtemp(join(place, 'folder-'));
  const given = { ...library, device: device(), folder, study: study() };
  const body = `${lines.join('\n')}\nreturn (${expression!.replace(/^(const|using) \w+ = /, '')});`;
  const made = new Async(...Object.keys(given), body)(...Object.values(given));
  const error = /^throws (\w+)$/.exec(said ?? '')?.[1];
  if (error) await expect(made).rejects.toThrow(library[error] as new () => Error);
  else if (said === undefined) await made;
  else expect(plain(await made)).toEqual(near(JSON.parse(said)));
}

describe('examples of the library', () => {
  it('are there of every function and class', () => {
    expect(all.length).toBeGreaterThan(300);
    expect(all.filter(({ examples }) => examples.length === 0).map(({ name }) => name)).toEqual([]);
  });

  it.each(all.flatMap(({ name, examples }) => examples.map((text) => [name, text] as const)))(
    '%s',
    (_, text) => run(text),
  );
});
