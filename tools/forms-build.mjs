/** @file Bundles the kernels' tests and what runs them, for machines without Vitest, into dist/forms. */
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

/** Those that read the project's own files are for a checkout. */
const forCheckout = /\.node\.test\.ts$/;

/** @returns {Promise<string>} the folder of the built tests */
export async function buildForms(outdir = join(root, 'dist', 'forms')) {
  await rm(outdir, { recursive: true, force: true });
  const names = await readdir(join(root, 'test', 'kernels'));
  const tests = names.filter((name) => name.endsWith('.test.ts') && !forCheckout.test(name));
  await build({
    absWorkingDir: root,
    entryPoints: ['bench/kit/tested.ts', ...tests.map((name) => `test/kernels/${name}`)],
    outdir,
    entryNames: '[name]',
    alias: { vitest: join(root, 'bench/kit/vitest.ts') },
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    platform: 'node',
    external: Object.keys(dependencies),
    logLevel: 'warning',
  });
  await cp(join(root, 'test/goldens/ops'), join(outdir, 'goldens/ops'), { recursive: true });
  return outdir;
}
