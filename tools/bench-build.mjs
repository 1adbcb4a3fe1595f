/** @file Bundles the benchmark programs into dist/bench. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import './shaders.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @returns {Promise<string>} the folder of the built programs */
export async function buildBench() {
  const outdir = join(root, 'dist', 'bench');
  await rm(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['main', 'engine', 'serve', 'first'].map((name) => `bench/${name}.ts`),
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    platform: 'node',
    packages: 'external',
    // found from dist/bench by the same path as from the sources
    external: ['*/tools/web.mjs', '*/tools/web-server.mjs'],
    loader: { '.wgsl': 'text' },
    logLevel: 'warning',
  });
  return outdir;
}
