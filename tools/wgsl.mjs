/** @file Reads shaders/*.wgsl with their includes, and knows which file and line each line of the result came from. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'shaders');

/** File names in shaders/, sorted. */
export function shaderFiles() {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.wgsl'))
    .sort();
}

/** A shader's name in TypeScript: `conv.gemm.wgsl` is `convGemm`. */
export function identifier(file) {
  return basename(file, '.wgsl').replace(/\.(\w)/g, (_, letter) => letter.toUpperCase());
}

function linesOf(path) {
  const lines = readFileSync(join(folder, path), 'utf8').split('\n');
  return lines.map((text, index) => ({ text, at: `shaders/${path}:${index + 1}` }));
}

/** `// @include name` pulls in shaders/include/name.wgsl, whose own text is plain WGSL. */
export function readShader(file) {
  const lines = linesOf(file).flatMap((line) => {
    const include = /^\/\/ @include (\S+)$/.exec(line.text);
    return include ? linesOf(`include/${include[1]}.wgsl`) : [line];
  });
  return { source: lines.map(({ text }) => text).join('\n'), at: lines.map(({ at }) => at) };
}
