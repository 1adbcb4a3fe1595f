/** @file Environment variables: all of them are read in one way, refused in one form, and told of in the README. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { choiceIn, refusedVariable, switchOf, variable, variables } from '../../src/base/environment.node.ts';
import { ConfigError } from '../../src/base/errors.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

afterEach(() => {
  vi.unstubAllEnvs();
});

it('what is empty is not set', () => {
  vi.stubEnv('PLANEWISE_MATRICES', '');
  expect(variable('PLANEWISE_MATRICES')).toBeUndefined();
  expect(choiceIn('PLANEWISE_MATRICES', ['on'])).toBeUndefined();
  expect(switchOf('PLANEWISE_MATRICES', 'off')).toBe(false);
  expect(switchOf('PLANEWISE_MATRICES')).toBe(true);
});

it('what is none of the choices is refused with the variable, what it says and what is needed', () => {
  vi.stubEnv('PLANEWISE_WINOGRAD', 'ON');
  expect(() => switchOf('PLANEWISE_WINOGRAD')).toThrow(ConfigError);
  expect(() => switchOf('PLANEWISE_WINOGRAD')).toThrow(
    /^environment: PLANEWISE_WINOGRAD=ON: one of on, off is needed\.$/,
  );
  // what could not be seen is quoted
  expect(refusedVariable('PLANEWISE_GPU', ' ', 'a name is needed')).toBe(
    'environment: PLANEWISE_GPU=" ": a name is needed.',
  );
});

it('all are in the README, which has no others', async () => {
  const readme = await readFile(`${root}README.md`, 'utf8');
  const told = [...readme.matchAll(/^\| `(PLANEWISE_\w+)` \|/gm)].map(([, name]) => name);
  expect(told.sort()).toEqual([...variables].sort());
});

it('nobody else reads them', async () => {
  const files = await readdir(`${root}src`, { recursive: true });
  const readers: string[] = [];
  for (const name of files.filter((file) => file.endsWith('.ts'))) {
    const text = await readFile(`${root}src/${name}`, 'utf8');
    if (/env\.PLANEWISE|\{[^}]*PLANEWISE_\w+[^}]*\} = process\.env/.test(text)) readers.push(name);
  }
  // ranks are given the adapter of their own by it
  expect(readers).toEqual(['run/ranks.node.ts']);
});
