/** @file Makes the declarations in dist/ stand on their own: names of modules, types of the host; those nobody sees go. */
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const host = fileURLToPath(new URL('host.d.ts', import.meta.url));
/** What package.json's `exports` name, and the declarations a program may see through them. */
const entries = [
  'index',
  'index.web',
  'engine',
  'engine.web',
  'autograd/ops',
  'data/index.node',
  'data/index',
];
/** `Symbol.dispose`, by which `using` disposes, is in no lib of ES2022. */
const libs = '/// <reference lib="esnext.disposable" />\n';

const specifier = /(\bfrom |\bimport\()(['"])(\.[^'"]+)\.ts\2/g;
const withoutComments = (text) => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');

/** The declarations a program sees through the entries, as paths in `dist`. */
async function reachable(dist) {
  const found = new Map();
  const queue = entries.map((name) => `${name}.d.ts`);
  for (const path of queue) {
    if (found.has(path)) continue;
    const text = await readFile(join(dist, path), 'utf8');
    found.set(path, text);
    for (const [, , , name] of text.matchAll(specifier)) queue.push(join(dirname(path), `${name}.d.ts`));
  }
  return found;
}

/** Imports of the host's types that the text uses as globals. */
function hostImports(path, text, names) {
  const code = withoutComments(text);
  const unknown = code.match(/(?<![.\w'"])GPU[A-Z]\w+\b(?!['"?:(])/g)?.find((name) => !names.includes(name));
  if (unknown) throw new Error(`${path} names ${unknown}, which tools/host.d.ts lacks: add it there.`);
  const used = names.filter((name) => new RegExp(`(?<![.\\w'"])${name}\\b(?!['"?:(])`).test(code));
  if (used.length === 0) return '';
  const from = relative(dirname(path), 'host.js');
  return `import type { ${used.join(', ')} } from '${from.startsWith('.') ? from : `./${from}`}';\n`;
}

/** Goes over what tsc wrote into `dist`. */
export async function finishDeclarations(dist) {
  const names = [...(await readFile(host, 'utf8')).matchAll(/^export type (\w+)/gm)].map(([, name]) => name);
  const seen = await reachable(dist);
  const all = (await readdir(dist, { recursive: true })).filter((name) => name.endsWith('.d.ts'));
  const folders = /^(web|bench|bundle)\//;
  const hidden = all.filter((path) => !seen.has(path) && !folders.test(path));
  await Promise.all(hidden.map((path) => rm(join(dist, path))));
  for (const [path, text] of seen) {
    const head = (entries.includes(path.slice(0, -5)) ? libs : '') + hostImports(path, text, names);
    await writeFile(join(dist, path), head + text.replaceAll(specifier, '$1$2$3.js$2'));
  }
  await copyFile(host, join(dist, 'host.d.ts'));
}
