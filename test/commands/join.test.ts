/** @file `join`: stores become one, or it is said why not. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConfigError, FileError } from '../../src/base/errors.ts';
import { openStore, writeStore } from '../../src/data/store.node.ts';
import type { PreparedData, PreparedManifest } from '../../src/data/types.ts';
import { joinStores } from '../../src/run/joinstores.node.ts';
import { tinyData } from '../train/tiny.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-join-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const at = (name: string) => join(folder, name);

/** Images `from` to `to` of the tiny data. */
function part(from: number, to: number, change: Partial<PreparedManifest> = {}): PreparedData {
  const { manifest, pixels } = tinyData();
  return {
    manifest: { ...manifest, images: manifest.images.slice(from, to), ...change },
    pixels: pixels.slice(from * 256, to * 256),
  };
}

const filesOf = async (store: string) =>
  Promise.all(
    (await readdir(at(store))).sort().map(async (name) => [name, await readFile(join(at(store), name))]),
  );

it('of the parts of a store is that store, byte by byte, and leaves the parts as they were', async () => {
  await writeStore(at('whole'), part(0, 40));
  await writeStore(at('a'), part(0, 4));
  await writeStore(at('b'), part(4, 40));
  const before = await filesOf('b');
  const joined = await joinStores([at('a'), at('b')], at('joined'));
  expect(joined).toMatchObject({ images: 40, subjects: 10 });
  expect(await filesOf('joined')).toEqual(await filesOf('whole'));
  expect(await filesOf('b')).toEqual(before);
});

it('has groups, who is held out and what was skipped of all', async () => {
  const reason = { code: 'X', message: 'y' };
  const one = { groups: { subject0: 'NOR' }, heldOut: ['subject0'], skipped: [{ file: 'a', reason }] };
  const other = { groups: { subject1: 'DCM' }, labels: { tear: { subject1: 'yes' } } };
  await writeStore(at('a'), part(0, 4, one));
  await writeStore(at('b'), part(4, 8, other));
  await joinStores([at('a'), at('b')], at('joined'));
  expect((await openStore(at('joined'))).manifest).toMatchObject({
    groups: { subject0: 'NOR', subject1: 'DCM' },
    labels: { tear: { subject1: 'yes' } },
    heldOut: ['subject0'],
    skipped: [{ file: 'a', reason }],
  });
});

it.each([
  ['another spacing', part(4, 8, { spacingMm: 2 }), /b has spacingMm 2, and .*a 8/],
  ['another view', part(4, 8, { targetView: 'sagittal' }), /b has targetView "sagittal"/],
  ['another dtype', part(4, 8, { dtype: 'f16' }), /b has dtype "f16", and .*a "f32"/],
  ['names of another kind', part(4, 8, { identifiers: 'kept' }), /b has names of the kind "kept"/],
  ['a subject of both', part(3, 8), /b has subjects whom .*a has too: subject0\. Give/],
])('refuses %s, and writes nothing', async (_, other, problem) => {
  await writeStore(at('a'), part(0, 4));
  await writeStore(at('b'), other);
  const joined = joinStores([at('a'), at('b')], at('joined'));
  await expect(joined).rejects.toThrow(ConfigError);
  await expect(joined).rejects.toThrow(problem);
  expect(await readdir(folder)).not.toContain('joined/manifest.json');
  await expect(openStore(at('joined'))).rejects.toThrow(FileError);
});

it('refuses to write into a store that it reads', async () => {
  await writeStore(at('a'), part(0, 4));
  await expect(joinStores([at('a')], at('a'))).rejects.toThrow(/is or lies in/);
});
