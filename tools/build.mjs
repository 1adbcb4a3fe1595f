/** @file Builds dist/: every module of src by itself, so that bundlers leave out what a program does not use; types beside them. */
import { spawn } from 'node:child_process';
import { chmod, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { finishDeclarations } from './declarations.mjs';
import { licensesOf, neededBy } from './licenses.mjs';
import './swiftshader.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

const shared = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  // lowers `using`, which Node 20 cannot parse
  target: 'es2022',
  platform: 'neutral',
  legalComments: 'none',
  logLevel: 'warning',
};

/**
 * Image decoders: CommonJS that asks for modules of Node, which bundlers for the browser refuse. They become modules
 * of dist/decoders that ask for nothing.
 */
const decoders = {
  '@cornerstonejs/codec-charls/decode': 'charls.js',
  '@cornerstonejs/codec-libjpeg-turbo-8bit/decode': 'libjpegturbo.js',
  '@cornerstonejs/codec-openjpeg/decode': 'openjpeg.js',
};

/** Other packages that come as modules of dist/packages, and what is used of them: installed they are many times as large. */
const packages = { dcmjs: 'data' };

/** Leaves what a module imports where it is: modules of src by the names they get, packages by their own. */
const imports = {
  name: 'imports',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path, resolveDir }) => {
      if (kind === 'entry-point') return undefined;
      const up = relative(resolveDir, join(root, 'src'));
      if (path in decoders) return { path: `${up}/decoders/${decoders[path]}`, external: true };
      if (path in packages) return { path: `${up}/packages/${path}.js`, external: true, sideEffects: false };
      // what a module imports for its types alone is not imported
      return {
        path: path.replace(/^(\..*)\.ts$/, '$1.js'),
        external: true,
        sideEffects: !path.startsWith('.'),
      };
    });
  },
};

/** What the decoders ask of Node is there for files that they are not given. */
const nothing = {
  name: 'nothing',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(fs|path|crypto)$/ }, ({ path }) => ({ path, namespace: 'nothing' }));
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {};' }));
  },
};

async function modules() {
  const files = await readdir(join(root, 'src'), { recursive: true });
  const entryPoints = files.filter((name) => /(?<!\.d)\.ts$/.test(name)).map((name) => `src/${name}`);
  await build({ ...shared, entryPoints, outdir: 'dist', outbase: 'src', plugins: [imports] });
}

async function decoderModules() {
  const define = { process: 'undefined', __dirname: '""', __filename: 'undefined' };
  const options = { ...shared, minify: true, mainFields: ['main'], plugins: [nothing], define };
  const one = ([name, file]) =>
    build({
      ...options,
      stdin: { contents: `export { default } from '${name}';`, resolveDir: root },
      outfile: `dist/decoders/${file}`,
    });
  await Promise.all(Object.entries(decoders).map(one));
}

async function packageModules() {
  const one = ([name, used]) =>
    build({
      ...{ ...shared, minify: true, mainFields: ['module', 'main'] },
      stdin: { contents: `export { ${used} } from '${name}';`, resolveDir: root },
      outfile: `dist/packages/${name}.js`,
    });
  await Promise.all(Object.entries(packages).map(one));
}

/** Of what dist/ holds of others; what it imports comes with its own. */
async function licenses() {
  const held = Object.keys(decoders).map((path) => path.replace(/\/decode$/, ''));
  const packed = await neededBy(Object.keys(packages));
  await writeFile(
    join(root, 'dist', 'LICENSES.txt'),
    await licensesOf([...held, ...packed, 'uplot', '@sparticuz/chromium']),
  );
}

async function declarations() {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const child = spawn(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
  await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error('tsc could not write the declarations')),
    );
  });
  await finishDeclarations(join(root, 'dist'));
}

/** All but what other tools build there. */
async function clean() {
  const kept = new Set(['api', 'web', 'bench', 'bundle', 'swiftshader']);
  const names = await readdir(join(root, 'dist')).catch(() => []);
  const old = names.filter((name) => !kept.has(name));
  await Promise.all(old.map((name) => rm(join(root, 'dist', name), { recursive: true })));
}

try {
  await clean();
  await Promise.all([modules(), decoderModules(), packageModules(), declarations()]);
  await licenses();
  await chmod(join(root, 'dist', 'cli.js'), 0o755);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
