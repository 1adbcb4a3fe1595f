/** @file Builds dist/: the programs and the library bundled by esbuild (npm packages stay outside), declarations by tsc. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

const shared = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  // lowers `using`, which Node 20 cannot parse
  target: 'es2022',
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
};

/** Node entries share chunks, so that a class is one class whichever entry made it. */
const node = build({
  ...shared,
  entryPoints: ['cli', 'train', 'index'].map((name) => `src/${name}.ts`).filter(existsSync),
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  splitting: true,
  platform: 'node',
  packages: 'external',
});

/** The browser entry is one file; npm packages are left to the bundler or import map of the page. */
const web = build({
  ...shared,
  entryPoints: ['src/index.web.ts'],
  outfile: 'dist/index.web.js',
  platform: 'browser',
  packages: 'external',
});

function declarations() {
  const tsc = join(createRequire(import.meta.url).resolve('typescript/package.json'), '..', 'bin', 'tsc');
  const child = spawn(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error('tsc could not write the declarations')),
    );
  });
}

try {
  await rm(join(root, 'dist', 'chunks'), { recursive: true, force: true });
  await Promise.all([node, web, declarations()]);
  await chmod(join(root, 'dist', 'cli.js'), 0o755);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
