/** @file Mutants of WGSL: a bound, an index, a sign, an operand, a constant or a barrier is another. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readShader, root, shaderFiles } from '../wgsl.mjs';

const swap = (pairs) => (found) => pairs[found] ?? found;
const bounds = { '<': '<=', '<=': '<', '>': '>=', '>=': '>', '==': '!=', '!=': '==' };
const signs = { '+': '-', '-': '+', '+=': '-=', '-=': '+=' };
const operands = {
  '*': '+',
  '/': '*',
  '%': '/',
  '&': '|',
  '|': '&',
  '&&': '||',
  '||': '&&',
  min: 'max',
  max: 'min',
};

/** By kind: what is changed (its first group), and into what. Operators stand between spaces, unlike brackets of types. */
const changes = [
  { kind: 'bound', pattern: / (<=?|>=?|[=!]=) /g, into: swap(bounds) },
  { kind: 'sign', pattern: / ([+-]=?) /g, into: swap(signs) },
  { kind: 'operand', pattern: / ([*/%]|&&?|\|\|?) |\b(min|max)\(/g, into: swap(operands) },
  { kind: 'index', pattern: /\w\[([^[\]]+)\]/g, into: (found) => `${found} + 1` },
  {
    kind: 'constant',
    pattern: /(?<![\w.<])(\d+)(?=u?\b(?!\.))(?![^<]*>)/g,
    into: (found) => `${Number(found) + 1}`,
  },
  { kind: 'barrier', pattern: /(\w+Barrier\(\));/g, into: () => '' },
];

/** Lines that declare, which specialisation rewrites or TypeScript relies on. */
const declares = /^\s*(@|\/\/|alias|const|override|enable|requires|struct|var<)|^\s+\w+: [\w<>]+,$/;

/** Paths in shaders/ of all WGSL. */
export function shaderPaths() {
  const includes = readdirSync(join(root, 'shaders', 'include')).map((name) => `include/${name}`);
  return [...shaderFiles(), ...includes.sort()];
}

const textOf = (path) => readFileSync(join(root, 'shaders', path), 'utf8');

/** What could be otherwise in a line, and where. */
export function* changesOf(line) {
  const code = line.replace(/\/\/.*$/, '');
  if (declares.test(code)) return;
  for (const { kind, pattern, into } of changes)
    for (const match of code.matchAll(pattern)) {
      const original = match.slice(1).find((group) => group !== undefined);
      const column = match.index + match[0].indexOf(original);
      yield { kind, original, replacement: into(original), column };
    }
}

/** Mutants of the shaders at `paths`, as those of TypeScript; their stratum is their kind. */
export function shaderMutants(paths = shaderPaths()) {
  return paths.flatMap((path) => {
    let begin = 0;
    return textOf(path)
      .split('\n')
      .flatMap((line, at) => {
        const start = begin;
        begin += line.length + 1;
        return [...changesOf(line)].map(({ kind, original, replacement, column }) => {
          const where = { path, file: `shaders/${path}`, line: at + 1, start: start + column };
          const key = `${where.file}:${at + 1}:${column + 1} ${kind} ${replacement}`;
          return { key, stratum: kind, kind, text: line.trim(), original, replacement, ...where };
        });
      });
  });
}

/** Texts by path in shaders/ with a mutant in them. */
export function withMutant({ path, start, original, replacement }) {
  const text = textOf(path);
  return { [path]: text.slice(0, start) + replacement + text.slice(start + original.length) };
}

/** Shaders that hold the text at a path: itself, or those that include it. */
export function usersOf(path) {
  if (!path.startsWith('include/')) return [path];
  const held = new RegExp(`^shaders/${path.replaceAll('.', '\\.')}:`);
  return shaderFiles().filter((file) => readShader(file).at.some((at) => held.test(at)));
}
