/** @file Builds the campaigns of faults into dist/faults and runs one: npm run faults -- fuzz --times 1000 --seed 1. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Builds them. @param folder of dist that they go to */
export async function buildFaults(folder = 'faults') {
  const built = join(root, 'dist', folder);
  await rm(built, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['main', 'fuzzChild'].map((name) => `tools/faults/${name}.ts`),
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { main } = await import(pathToFileURL(join(await buildFaults(), 'main.js')).href);
  process.exitCode = await main(process.argv.slice(2));
}
