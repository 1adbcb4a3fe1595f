/** @file The key of a project while several processes read it and add to it. */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ProjectKey } from '../../../src/data/identifiers/key.node.ts';
import { keyHead, keyLines } from '../../../src/data/identifiers/keytext.ts';
import { useFolder } from '../../commands/terminal.ts';

const at = useFolder();
let count = 0;
let path = '';
beforeEach(() => {
  path = at(`key-${count++}.jsonl`);
  vi.stubEnv('PLANEWISE_KEY', path);
});
afterEach(() => vi.unstubAllEnvs());

const head = keyHead(Uint8Array.from({ length: 32 }, (_, i) => i));
const entry = keyLines([{ pseudonym: 'subject-00000000', original: 'Doe' }]);

it('many names at once by several processes leave each line whole', async () => {
  const keys = [await ProjectKey.open(), await ProjectKey.open(), await ProjectKey.open()];
  const entries = Array.from({ length: 20_000 }, (_, i) => ({
    pseudonym: `file-${String(i).padStart(8, '0')}`,
    original: `a folder/of images/IM-${i}.dcm`,
  }));
  // all at the same moment
  for (const { names } of keys) vi.spyOn(names, 'learn').mockResolvedValue(entries);
  await Promise.all(keys.map((key) => key.learn({ subjects: [] })));
  const text = await readFile(path, 'utf8');
  // not told where they differ: that takes minutes
  expect(text.slice(text.indexOf('\n') + 1) === keyLines(entries).repeat(3)).toBe(true);
  expect((await ProjectKey.open()).names.original('file-00019999')).toBe(entries[19_999]!.original);
});

it('is read once a line that is being added has its end', async () => {
  await writeFile(path, head + entry.slice(0, 20));
  const opened = ProjectKey.open();
  await pause(60);
  await appendFile(path, entry.slice(20));
  expect((await opened).names.known('Doe')).toBe('subject-00000000');
});

it('a line that never gets its end is refused by its number', async () => {
  await writeFile(path, head + entry.slice(0, 20));
  await expect(ProjectKey.open()).rejects.toThrow(/line 2 is not JSON.*Put the key back/);
});

it('is added to on a line of its own where an editor took the last end of a line', async () => {
  await writeFile(path, head + entry.trimEnd());
  await (await ProjectKey.open()).learn({ subjects: ['Roe'] });
  const { names } = await ProjectKey.open();
  expect([names.known('Doe'), names.known('Roe')]).toEqual([
    'subject-00000000',
    expect.stringMatching(/^subject-/),
  ]);
});
