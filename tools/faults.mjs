/** @file Campaigns of faults: npm run faults -- <fuzz | kill | writers> --times 1000 --seed 1 (docs/faults.md). */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { disturb, names } from './faults/disturb.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Builds that of readers. @param folder of dist that they go to */
export async function buildFaults(folder = 'faults') {
  const built = join(root, 'dist', folder);
  await rm(built, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['fuzz', 'fuzzChild', 'hostile'].map((name) => `tools/faults/${name}.ts`),
    outdir: built,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    platform: 'node',
    packages: 'external',
    logLevel: 'warning',
  });
  return built;
}

async function run([name = '', ...rest]) {
  if (names.includes(name)) return disturb(name, rest);
  if (name === 'fuzz' || name === 'hostile') {
    const built = await import(pathToFileURL(join(await buildFaults(), `${name}.js`)).href);
    return built[name](rest);
  }
  console.error(`Name a campaign: fuzz, hostile, ${names.join(', ')}.`);
  return 2;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await run(process.argv.slice(2));
