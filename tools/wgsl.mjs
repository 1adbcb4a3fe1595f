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

function linesOf(path, instead) {
  const lines = (instead[path] ?? readFileSync(join(folder, path), 'utf8')).split('\n');
  return lines.map((text, index) => ({ text, at: `shaders/${path}:${index + 1}` }));
}

/**
 * A shader's text, and where each of its lines stands. `// @include name` pulls in shaders/include/name.wgsl, whose own
 * text is plain WGSL. `parts` are the text cut at includes: their names, or null for the shader's own lines.
 * @param instead texts by path in shaders/, in place of the files'
 */
export function readShader(file, instead = {}) {
  const parts = [{ include: null, lines: [] }];
  for (const line of linesOf(file, instead)) {
    const include = /^\/\/ @include (\S+)$/.exec(line.text)?.[1];
    if (!include) parts.at(-1).lines.push(line);
    else
      parts.push(
        { include, lines: linesOf(`include/${include}.wgsl`, instead) },
        { include: null, lines: [] },
      );
  }
  const filled = parts.filter(({ lines }) => lines.length > 0);
  const textOf = (lines) => lines.map(({ text }) => text).join('\n');
  const all = filled.flatMap(({ lines }) => lines);
  return {
    source: textOf(all),
    at: all.map(({ at }) => at),
    parts: filled.map(({ include, lines }) => ({ include, text: textOf(lines) })),
  };
}
