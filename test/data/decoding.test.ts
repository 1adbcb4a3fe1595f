/** @file Images decoded one by one or in threads, and written as they are decoded: the same store. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileError } from '../../src/base/errors.ts';
import { prepareStore } from '../../src/data/comingstore.node.ts';
import { decodeInThreads } from '../../src/data/decoding.node.ts';
import { type PrepareOptions, prepare } from '../../src/data/prepare.ts';
import { writeStore } from '../../src/data/store.node.ts';
import { pixelsName } from '../../src/data/storenames.ts';
import type { FileSource, Reason } from '../../src/data/types.ts';
import { shortAxisPlane } from './dicom-writer.ts';
import { stored, ways } from './storedways.ts';
import { dsbccSubject, imageFile } from './studies.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-decoding-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const program = new URL('../../dist/train.js', import.meta.url);
const dying = new URL(
  `data:text/javascript,import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => process.exit(3));`,
);

/** Three subjects, one stored turned; of one image the pixels cannot be read, and one can be looked at but not be read. */
function files(): FileSource[] {
  const turned = [0, 8].map((offset) =>
    imageFile(`3/study/sax_${offset}/IM-1.dcm`, stored(shortAxisPlane(offset), ways[5]!), { patientId: '3' }),
  );
  const all = [...dsbccSubject('1'), ...dsbccSubject('2'), ...turned];
  const targets = all.filter(({ path }) => path.includes('/sax_'));
  return all.map((file): FileSource => {
    if (file === targets[2]) return { ...file, read: async () => (await file.read()).subarray(0, -9) };
    if (file !== targets[4]) return file;
    let reads = 0;
    const read = async () => {
      if (reads++ > 0) throw new FileError(file.path, 'went away', 'Put it back.');
      return file.read();
    };
    return { path: file.path, read };
  });
}

const grid = { size: 16, spacingMm: 2 };

async function prepared(into: string, options: PrepareOptions) {
  const warnings: [string, Reason][] = [];
  const onWarning = (file: string, reason: Reason): void => void warnings.push([file, reason]);
  const { data } = await prepareStore(
    into,
    async (into) => ({ data: await prepare(files(), { ...grid, ...options, into, onWarning }) }),
    async () => {},
  );
  return { pixels: data.pixels, warnings };
}

describe('a store that is written while its images are decoded', () => {
  it.each(['f32', 'f16'] as const)(
    'has the bytes of one in memory, in %s, by one and by threads',
    async (dtype) => {
      const whole = await prepare(files(), { ...grid, dtype });
      expect(whole.manifest.skipped.length).toBe(2);
      await writeStore(join(folder, 'whole'), whole);
      const ways = [
        {},
        ...(dtype === 'f32' ? [1, 2, 3] : [2]).map((n) => ({ decode: decodeInThreads(program, n) })),
      ];
      const said: unknown[] = [];
      for (const [i, how] of ways.entries()) {
        const { pixels, warnings } = await prepared(join(folder, `${i}`), { dtype, ...how });
        expect(pixels.length).toBe(0);
        said.push(warnings);
        for (const name of ['manifest.json', pixelsName(dtype)])
          expect(await readFile(join(folder, `${i}`, name)), `${i} ${name}`).toEqual(
            await readFile(join(folder, 'whole', name)),
          );
      }
      for (const one of said) expect(one).toEqual(said[0]);
    },
  );

  it('is not there where a thread dies, which is told by its file; an older one stays', async () => {
    const store = join(folder, 'store');
    const failed = prepared(store, { decode: decodeInThreads(dying, 2) });
    await expect(failed).rejects.toThrow(FileError);
    await expect(failed).rejects.toThrow(
      /^1\/study\/sax_\d\/IM-\d-000\d\.dcm: could not be decoded: the thread that was to do it has ended \(code 3\)/,
    );
    expect(existsSync(store) ? await readdir(store) : []).toEqual([]);
    await prepared(store, {});
    const before = await readFile(join(store, 'manifest.json'));
    await expect(
      prepareStore(
        store,
        async (into) => ({ data: await prepare(files(), { ...grid, size: 8, into }) }),
        () => Promise.reject(new FileError(store, 'has another owner', 'Start again.')),
      ),
    ).rejects.toThrow('another owner');
    expect((await readdir(store)).sort()).toEqual(['manifest.json', 'pixels.f32.bin']);
    expect(await readFile(join(store, 'manifest.json'))).toEqual(before);
  });
});
