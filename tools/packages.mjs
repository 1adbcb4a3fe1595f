/** @file Where the packages lie that others need at run time. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const manifestIn = (folder) =>
  readFile(join(folder, 'package.json'), 'utf8').then(JSON.parse, () => undefined);

/** A package as seen from a folder: its own node_modules first, then those around it. */
async function find(name, from) {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    const manifest = basename(at) === 'node_modules' ? undefined : await manifestIn(folder);
    if (manifest) return { folder, manifest };
    if (at === dirname(at)) throw new Error(`${name} is not installed.`);
  }
}

/** Folders of packages, as seen from `top`, and of all that they depend on. @throws Error naming one that is not installed */
export async function packageFolders(top, names) {
  const found = new Set();
  const visit = async (name, from) => {
    const { folder, manifest } = await find(name, from);
    if (found.has(folder)) return;
    found.add(folder);
    for (const next of Object.keys(manifest.dependencies ?? {})) await visit(next, folder);
  };
  for (const name of names) await visit(name, top);
  return [...found];
}
