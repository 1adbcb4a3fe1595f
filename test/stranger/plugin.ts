/** @file Bundles with the strangers in them: one line more in each registry. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';

const strangers: Readonly<Record<string, string>> = {
  'tasks/index.ts': 'brightness',
  'backbones/index.ts': 'tower',
  'data/sources/index.ts': 'text',
};
const here = fileURLToPath(new URL('.', import.meta.url));

/** The registry's text with a record more at the end of its list. */
export function withStranger(registry: string, name: string): string {
  const listed = registry.replace(/,?\s*\];\s*$/, `, ${name}];\n`);
  if (listed === registry) throw new Error(`A registry ends otherwise than by its list: ${registry}`);
  return `import { ${name} } from ${JSON.stringify(`${here}${name}.ts`)};\n${listed}`;
}

export const strangersPlugin: Plugin = {
  name: 'strangers',
  setup(build) {
    build.onLoad({ filter: /src[/\\].*[/\\]index\.ts$/ }, async ({ path }) => {
      const [, name] = Object.entries(strangers).find(([registry]) => path.endsWith(`src/${registry}`)) ?? [];
      if (!name) return null;
      const contents = withStranger(await readFile(path, 'utf8'), name);
      return { contents, loader: 'ts', resolveDir: path.replace(/[/\\]index\.ts$/, '') };
    });
  },
};
