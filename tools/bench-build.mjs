/** @file Bundles the benchmark programs into dist/bench. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import './shaders.mjs';
import './swiftshader.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @returns {Promise<string>} the folder of the built programs */
export async function buildBench(outdir = join(root, 'dist', 'bench')) {
  await rm(outdir, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: {
      ...Object.fromEntries(
        ['main', 'engine', 'serve', 'first', 'storemaker'].map((name) => [name, `bench/${name}.ts`]),
      ),
      ...{ kit: 'bench/kit/main.ts', checked: 'bench/kit/checked.ts', opened: 'bench/kit/opened.ts' },
    },
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
