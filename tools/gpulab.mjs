/** @file Builds the lab into dist/gpulab and runs it. */
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import './shaders.mjs';
import { specializationsOf } from './reflect.mjs';
import { readShader, root, shaderFiles } from './wgsl.mjs';

/** Numbers of overrides as the engine sets them. */
function inNumbers({ overrides, ...rest }) {
  const numbers = Object.entries(overrides).map(([name, text]) => [name, Number(text)]);
  return { overrides: Object.fromEntries(numbers), ...rest };
}

const built = join(root, 'dist', 'gpulab');
await rm(built, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: ['main', 'inside'].map((name) => `tools/gpulab/${name}.ts`),
  outdir: built,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'node',
  packages: 'external',
  logLevel: 'warning',
});
const variants = shaderFiles().map((file) => {
  return [basename(file, '.wgsl'), specializationsOf(readShader(file).source).map(inNumbers)];
});
const { main } = await import(pathToFileURL(join(built, 'main.js')).href);
const checkout = { root, built, variants: Object.fromEntries(variants) };
process.exitCode = await main(process.argv.slice(2), checkout);
