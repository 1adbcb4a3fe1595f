/** @file What keeps the house in order: who may know the records, and where no record is named. */
import { readdir, readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { backbones } from '../src/backbones/index.ts';
import { tasks } from '../src/tasks/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Examples in docstrings show tasks; what they stand beside does not know them. */
const withoutExamples = (text: string): string => text.replace(/^ *\* @example\n[\s\S]*?\*\/$/gm, '*/');

const texts = new Map<string, string>();

beforeAll(async () => {
  for (const folder of ['src', 'web'])
    for (const name of await readdir(`${root}${folder}`, { recursive: true })) {
      const path = `${folder}/${name.replaceAll('\\', '/')}`;
      if (/\.(ts|html|css)$/.test(path) && !path.endsWith('.gen.ts'))
        texts.set(path, withoutExamples(await readFile(root + path, 'utf8')));
    }
});

/** Files that a file imports or exports from, types apart or not. */
function importsOf(path: string, types: boolean): string[] {
  const found = texts.get(path)!.matchAll(/^(?:import|export)\s(type\s)?[^;]*?from '(\.[^']+)';/gms);
  return [...found].flatMap(([, type, target]) =>
    type && !types ? [] : [posix.join(posix.dirname(path), target!)],
  );
}

const registries = ['src/tasks/index.ts', 'src/backbones/index.ts', 'src/data/sources/index.ts'];

/** Who may read them beside src/run and themselves. */
const readers: Readonly<Record<string, string>> = {
  'src/data/sources/open.ts': 'opens files as whichever source they are of',
  'src/library.ts': 'the public library gives its users the records',
};

describe('registries and their records', () => {
  it('are imported by src/run, and by who has a reason', () => {
    const records = registries.flatMap((registry) => importsOf(registry, false));
    expect(records.length).toBeGreaterThanOrEqual(tasks.length + backbones.length + 2);
    const guarded = new Set([...registries, ...records]);
    const mayRead = (path: string): boolean =>
      path.startsWith('src/run/') || path in readers || registries.includes(path);
    const strangers = [...texts.keys()].flatMap((path) =>
      importsOf(path, true)
        .filter((target) => guarded.has(target) && !mayRead(path))
        .map((target) => `${path} imports ${target}`),
    );
    expect(strangers).toEqual([]);
    for (const reader of Object.keys(readers))
      expect(
        importsOf(reader, true).some((target) => guarded.has(target)),
        reader,
      ).toBe(true);
  });
});

it('numbers and words are formed in English, whatever language the system speaks', () => {
  const local = /toLocale\w*\(\)|toLocale(Upper|Lower)Case|localeCompare|new Intl\.\w+\((\)|undefined|\[\])/;
  expect(local.test('n.toLocaleString()')).toBe(true);
  expect([...texts].filter(([, text]) => local.test(text)).map(([path]) => path)).toEqual([]);
});

describe('folders', () => {
  it('are made by src/base/folders.node.ts, one by one, for Node’s own way may never end', () => {
    const several = /mkdir(Sync)?\((?:[^()]|\([^()]*\))*recursive/;
    expect(several.test('mkdirSync(dirname(path), { recursive: true })')).toBe(true);
    expect([...texts].filter(([, text]) => several.test(text)).map(([path]) => path)).toEqual([]);
  });
});

/** Parts of the house that work for any task and any backbone. */
const general = /^(src\/(train|report|commands)\/|web\/|src\/(cli|train)\.ts$)/;

/** Words that are a task's or a backbone's, but stand for something else in these files. */
const otherwise: readonly {
  readonly word: string;
  readonly reason: string;
  readonly files: readonly string[];
}[] = [
  {
    word: 'rotation',
    reason: 'how far augmentation turns an image, and its key of the configuration',
    files: ['src/train/settings.ts', 'src/report/page.ts', 'src/commands/config.ts'],
  },
  {
    word: 'location',
    reason: 'the place of a slice in its stack, which the geometry gives whatever is trained',
    files: [
      ...['study', 'prepared', 'labels'].map((name) => `src/commands/${name}.ts`),
      ...['panels/data', 'panels/study', 'protocol/data', 'protocol/study'].map((name) => `web/${name}.ts`),
      ...['datainfo', 'exportall', 'folder', 'library', 'plan', 'predict'].map(
        (name) => `web/work/${name}.ts`,
      ),
    ],
  },
  {
    word: 'segmentation',
    reason: 'class maps on the images’ own grid, by src/data/segmentation',
    files: ['web/work/classmaps.ts'],
  },
  { word: 'location', reason: 'the address of the page', files: ['web/frame.ts', 'web/sw.ts'] },
];

/** camelCase and snake_case taken apart, in lower case. */
const wordsIn = (text: string): Set<string> =>
  new Set(
    text
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u),
  );

/** Where each task keeps its parameters. */
function headPaths(): string[] {
  const groupNames = { pathology: ['a', 'b'] };
  const facts = { targetView: 'v', referenceViews: ['r', 's'], classes: ['background', 'organ'], groupNames };
  return tasks.flatMap(({ defaults, setup }) =>
    setup(facts, defaults, { size: 48, spacingMm: 8 }).heads.map(({ path }) => path),
  );
}

describe('training, report, commands and page', () => {
  it('name no task and no backbone, but where the word means something else', () => {
    const names = [...tasks, ...backbones].map(({ name }) => name);
    const found = new Set<string>();
    for (const [path, text] of texts) {
      if (!general.test(path)) continue;
      const words = wordsIn(text);
      // one of several words stands as one: contextRestoration
      for (const name of names)
        if (
          [name, `${name}s`].some(
            (word) => words.has(word) || (word !== word.toLowerCase() && text.includes(word)),
          )
        )
          found.add(`${name} in ${path}`);
    }
    const known = otherwise.flatMap(({ word, files }) => files.map((file) => `${word} in ${file}`));
    expect([...found].sort()).toEqual(known.sort());
  });

  it('name no head, and no title of a task or backbone', () => {
    const names = [...headPaths(), ...[...tasks, ...backbones].map(({ title }) => title)];
    const named = [...texts].flatMap(([path, text]) =>
      names
        .filter((name) => general.test(path) && new RegExp(`['"\`]${name}['"\`.]`).test(text))
        .map((name) => `${name} in ${path}`),
    );
    expect(headPaths()).toContain('final');
    expect(named).toEqual([]);
  });
});
