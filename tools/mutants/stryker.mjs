/** @file Mutants of TypeScript, as Stryker makes them, and the text with all of them counted for coverage. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Instrumenter } from '@stryker-mutator/instrumenter';
import { transform } from 'esbuild';

const nothing = () => {};
const logger = {
  ...{ isTraceEnabled: () => false, isDebugEnabled: () => false, isInfoEnabled: () => false },
  ...{ trace: nothing, debug: nothing, info: nothing, warn: console.error, error: console.error },
};

/** TypeScript files below paths of a tree, sorted. */
export function filesBelow(paths, tree) {
  const found = paths.flatMap((path) => {
    if (!statSync(join(tree, path)).isDirectory()) return [path];
    const names = readdirSync(join(tree, path), { recursive: true });
    return names.map((name) => join(path, name)).filter((file) => /(?<!\.(d|gen))\.ts$/.test(file));
  });
  return [...new Set(found)].sort();
}

/** A stratum: a folder of src, of src/data one deeper. */
const stratumOf = (file) => /^(src\/data\/[^/]+(?=\/)|src\/[^/]+)/.exec(file)?.[0] ?? file;

/** Where each line of a text begins. */
function lineStarts(text) {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/**
 * `mutants` of the files: `key`, `stratum`, `file`, `line`, `kind`, `original`, `replacement`, and `start` and `end` in
 * the text; `counted`: by file, the text that counts which of them are reached, by `id`.
 */
export async function sourceMutants(files, tree) {
  const read = files.map((name) => ({ name, content: readFileSync(join(tree, name), 'utf8'), mutate: true }));
  const options = { excludedMutations: [], ignorers: [], plugins: null };
  const made = await new Instrumenter(logger).instrument(read, options);
  const texts = new Map(read.map(({ name, content }) => [name, { content, starts: lineStarts(content) }]));
  const mutants = made.mutants.map(({ id, fileName: file, location, mutatorName: kind, replacement }) => {
    const { content, starts } = texts.get(file);
    const offset = ({ line, column }) => starts[line] + column;
    const [start, end] = [offset(location.start), offset(location.end)];
    const { line, column } = location.start;
    const key = `${file}:${line + 1}:${column + 1} ${kind} ${replacement}`;
    const original = content.slice(start, end);
    return {
      id,
      key,
      stratum: stratumOf(file),
      file,
      line: line + 1,
      kind,
      original,
      replacement,
      start,
      end,
    };
  });
  const counted = Object.fromEntries(made.files.map(({ name, content }) => [name, content]));
  return { mutants, counted };
}

/** Those whose operands would be bound otherwise by what stands beside them. */
const bound = new Set(['ArithmeticOperator', 'EqualityOperator', 'LogicalOperator']);

/** The file's text with the mutant in it; null where that is no program. */
export async function mutated({ file, kind, start, end, replacement }, tree) {
  const text = readFileSync(join(tree, file), 'utf8');
  const within = bound.has(kind) ? `(${replacement})` : replacement;
  const whole = text.slice(0, start) + within + text.slice(end);
  try {
    await transform(whole, { loader: 'ts', logLevel: 'silent' });
    return whole;
  } catch {
    return null;
  }
}
