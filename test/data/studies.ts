/** @file Folders of images for tests: the real cine study where it is found, else a generated one of the same layout. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { listFiles } from '../../src/data/files/files.node.ts';
import type { FileSource, ImagePlane } from '../../src/data/types.ts';
import { longAxisPlane, memoryFile, shortAxisPlane, type TestImage, writeDicom } from './dicom-writer.ts';

const realFolder = fileURLToPath(new URL('../../../shared/data/real-cmr', import.meta.url));

const triggers = [10, 199, 388];

function cine(folder: string, planes: readonly ImagePlane[], seriesUid: string): FileSource[] {
  return planes.flatMap((plane, slice) =>
    triggers.map((triggerTimeMs, phase) => {
      const instanceNumber = slice * 20 + [0, 6, 12][phase]! + 1;
      const path = `${folder}/I${String(instanceNumber).padStart(4, '0')}.dcm`;
      return memoryFile(path, writeDicom({ plane, seriesUid, instanceNumber, triggerTimeMs }));
    }),
  );
}

/** 20 short-axis slices, base to apex in file order, and 14 long-axis slices, three phases each. */
export async function cineStudy(): Promise<FileSource[]> {
  return existsSync(realFolder) ? listFiles(realFolder) : generatedStudy();
}

/** The same, always generated. */
export function generatedStudy(): FileSource[] {
  const long = Array.from({ length: 14 }, (_, i) => longAxisPlane(0.4, 5 * (i - 6.5)));
  const short = Array.from({ length: 20 }, (_, i) => shortAxisPlane(5 * i));
  return [...cine('long-axis', long, '1.2.10'), ...cine('short-axis', short, '1.2.11')];
}

/** One image as a file in memory. */
export function imageFile(path: string, plane: ImagePlane, rest: Omit<TestImage, 'plane'> = {}): FileSource {
  return memoryFile(path, writeDicom({ plane, ...rest }));
}

/** A subject laid out as DSBCC: a folder and series per slice, two phases, 2-chamber and 4-chamber. */
export function dsbccSubject(id: string, slices = 3): FileSource[] {
  const views: [string, ImagePlane][] = [
    ['2ch_20', longAxisPlane(0.3)],
    ['4ch_19', longAxisPlane(1.6)],
    // Folder numbers do not follow the slices' order in space.
    ...Array.from({ length: slices }, (_, i): [string, ImagePlane] => [
      `sax_${(i * 2 + 1) % 5}`,
      shortAxisPlane(8 * i),
    ]),
  ];
  return views.flatMap(([name, plane], v) =>
    [1, 2].map((phase) =>
      imageFile(`${id}/study/${name}/IM-${v}-000${phase}.dcm`, plane, {
        patientId: id,
        seriesUid: `1.3.${id}.${name}`,
        instanceNumber: phase,
        triggerTimeMs: 30 * (3 - phase),
        frameOfReferenceUid: `1.4.${id}`,
      }),
    ),
  );
}
