/** @file DICOM that planewise writes, judged by dicom3tools' dciodvfy: no error against the standard's information objects. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePlanned } from '../../../src/data/dicom/planned.ts';
import { pseudonymous, segmentedImage } from '../../../src/data/dicom/seg/source.ts';
import { writeSegmentation } from '../../../src/data/dicom/seg/write.ts';
import { encodeDicom, phantomSubject } from '../../../src/data/phantom.ts';
import { longAxisPlane } from '../dicom-writer.ts';

const without = spawnSync('dciodvfy', ['-version']).error && 'no dciodvfy: apt-get install dicom3tools';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planewise-conformance-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What is wrong with a file. SyntheticData (0008,001C) is younger (2022) than the program that judges. */
async function errorsOf(bytes: Uint8Array): Promise<string[]> {
  const path = join(folder, 'judged.dcm');
  await writeFile(path, bytes);
  const { stdout, stderr } = spawnSync('dciodvfy', [path], { encoding: 'utf8' });
  const said = `${stdout}${stderr}`.split('\n');
  expect(
    said.some((line) => /^(MRImage|Segmentation)$/.test(line)),
    said.join('\n'),
  ).toBe(true);
  return said.filter((line) => line.startsWith('Error') && !line.includes('(0x0008,0x001c)'));
}

const heart = encodeDicom(phantomSubject(3, 0, { size: 32, phases: 1 }));
const [first] = heart;
const stack = heart.filter(({ path }) => path.includes('sax'));

describe.skipIf(without)(`what is written is as the standard has it${without ? ` (${without})` : ''}`, () => {
  it('images of phantoms', async () => {
    for (const { path, bytes } of heart) expect(await errorsOf(bytes), path).toEqual([]);
  });

  it.each([undefined, 'subject-0a1b2c3d'])('a planned image, of a pseudonym: %s', async (pseudonym) => {
    const plane = { ...longAxisPlane(0.3), rows: 3, columns: 2 };
    const image = { rows: 3, columns: 2, values: Float32Array.from([0, 50, 100, -20, 25, 75]) };
    const planned = { plane, image, frameOfReferenceUid: '1.9.8', description: 'planned 2-chamber' };
    const source = { file: first!.path, bytes: first!.bytes };
    expect(await errorsOf(encodePlanned({ ...planned, pseudonym }, source))).toEqual([]);
  });

  it.each([undefined, 'subject-0a1b2c3d'])('a segmentation, of a pseudonym: %s', async (pseudonym) => {
    const images = stack.map(({ path, bytes }) => {
      const image = segmentedImage(bytes, path, { frame: null, frameOfReferenceUid: null });
      return pseudonym ? pseudonymous(image, pseudonym) : image;
    });
    expect(images.length).toBeGreaterThan(3);
    const labels = Uint8Array.from({ length: images.length * 32 * 32 }, (_, i) => (i * 7) % 4);
    const segments = ['right ventricle', 'scar', 'left ventricle'].map((name, i) => ({
      name,
      number: i + 1,
    }));
    const made = { instance: 4, description: 'Cardiac phase 4', software: '1.2.3', weights: 'abcd' };
    expect(await errorsOf(await writeSegmentation({ images, labels, segments, ...made }))).toEqual([]);
  });
});
