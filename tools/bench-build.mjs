/** @file Bundles the benchmark programs into dist/bench. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import './shaders.mjs';
import './swiftshader.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

/** What only programs in a checkout use. All else that an installation has no package of is bundled, as it is there. */
const forCheckout = ['@axe-core/playwright', 'playwright', 'tar-fs'];

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
    external: [
      ...Object.keys(dependencies),
      ...forCheckout,
      // found from dist/bench by the same path as from the sources
      ...['*/tools/web.mjs', '*/tools/web-server.mjs'],
    ],
    loader: { '.wgsl': 'text' },
    logLevel: 'warning',
  });
  return outdir;
}
