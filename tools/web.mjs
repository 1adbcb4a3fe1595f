/** @file Builds the page into dist/web/, and with --serve serves it on localhost. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { licensesOf, neededBy, packageOf } from './licenses.mjs';
import { shaderModule } from './shader-module.mjs';
import { policy, serve } from './web-server.mjs';
import { shaderFiles } from './wgsl.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const web = join(root, 'web');

/** Leaves out what only a program in Node has: the forms on matrix units, and their shaders, which are long. */
const withoutMatrices = {
  name: 'without matrices',
  setup({ onLoad, onResolve }) {
    const path = join(root, 'src', 'kernels', 'conv', 'matrixForms.web.ts');
    onResolve({ filter: /\/matrixForms\.ts$/ }, () => ({ path }));
    const files = shaderFiles().filter((file) => !file.endsWith('.matrix.wgsl'));
    const shaders = { contents: shaderModule({}, files), loader: 'ts' };
    onLoad({ filter: /\/shaders\.gen\.ts$/ }, () => shaders);
  },
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  // lowers `using`
  target: 'es2022',
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  // named by the image decoders for Node only
  external: ['fs', 'path', 'crypto'],
};

/** Bundles one entry; the name of its file. Packages in it are added to `packages`. */
async function bundle(entry, outdir, packages, options = {}) {
  const { metafile } = await build({ ...shared, entryPoints: [join('web', entry)], outdir, ...options });
  for (const path of Object.keys(metafile.inputs)) {
    const name = packageOf(path);
    if (name) packages.add(name);
  }
  const found = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === `web/${entry}`);
  return basename(found[0]);
}

async function style(outdir) {
  const plot = join(dirname(createRequire(import.meta.url).resolve('uplot')), 'uPlot.min.css');
  const own = join(web, 'style.css');
  const contents = `@import ${JSON.stringify(plot)};\n@import ${JSON.stringify(own)};`;
  const stdin = { contents, resolveDir: web, loader: 'css', sourcefile: 'all.css' };
  const { outputFiles } = await build({ stdin, bundle: true, minify: true, write: false, outdir });
  const hash = createHash('sha256').update(outputFiles[0].contents).digest('hex').slice(0, 8);
  const name = `style-${hash}.css`;
  await writeFile(join(outdir, name), outputFiles[0].contents);
  return name;
}

/** The weights in the package, named by content; fetched only when they are asked for. */
async function builtin(outdir) {
  const bytes = await readFile(join(root, 'builtin', 'weights.safetensors'));
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  const name = `builtin-${hash}.safetensors`;
  await writeFile(join(outdir, name), bytes);
  return name;
}

async function page(outdir, names) {
  const template = await readFile(join(web, 'index.html'), 'utf8');
  const values = { policy, ...names };
  await writeFile(
    join(outdir, 'index.html'),
    template.replaceAll(/\{\{(\w+)\}\}/g, (_, name) => values[name]),
  );
}

/** Builds the page into a folder, which is emptied first. `plugins` of esbuild are for tests. */
export async function buildPage(outdir = join(root, 'dist', 'web'), plugins = []) {
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  const later = await builtin(outdir);
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  // with the style of its charts
  const packages = new Set(['uplot']);
  const worker = await bundle('worker.ts', outdir, packages, {
    define: { BUILTIN_FILE: JSON.stringify(`./${later}`), PROGRAM_VERSION: JSON.stringify(version) },
    plugins: [...plugins, withoutMatrices],
  });
  const main = await bundle('main.ts', outdir, packages, {
    define: { WORKER_FILE: JSON.stringify(`./${worker}`) },
    plugins: [...plugins, withoutMatrices],
  });
  await copyFile(join(web, 'icon.svg'), join(outdir, 'icon.svg'));
  // a package may hold those that it needs, compiled
  await writeFile(join(outdir, 'licenses.txt'), await licensesOf(await neededBy([...packages])));
  await page(outdir, { main, style: await style(outdir) });
  const files = (await readdir(outdir)).filter((name) => name !== 'index.html' && name !== later).sort();
  const hash = createHash('sha256').update(await readFile(join(outdir, 'index.html')));
  const define = {
    FILES: JSON.stringify(['./', ...files]),
    LATER: JSON.stringify([later]),
    MAIN: JSON.stringify(main),
    VERSION: JSON.stringify(hash.update(files.join()).digest('hex').slice(0, 12)),
  };
  await bundle('sw.ts', outdir, packages, { define, entryNames: '[name]', splitting: false });
  return outdir;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = await buildPage();
  if (process.argv.includes('--serve')) {
    const port = Number(process.env.PORT || 4173);
    const { url } = await serve(folder, port).catch(() => serve(folder, 0));
    console.log(`planewise is at ${url} (stop with Ctrl+C)`);
  }
}
