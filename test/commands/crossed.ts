/** @file Studies in whose slices the planes of two views show, for the tests of `plan`. */
import { expect } from 'vitest';
import { intersectingLine } from '../../src/data/geometry.ts';
import type { FileSource, ImagePlane } from '../../src/data/types.ts';
import { inFragment } from '../../tools/faults/fuzzSeeds.ts';
import { memoryFile, type TestImage, writeDicom } from '../data/dicom-writer.ts';
import { imageFile } from '../data/studies.ts';
import { acrossAt, stackOf } from '../planning/stacks.ts';

/** A slice in which the two planes show: one bright, one dark, as the network is to learn. */
function drawn(plane: ImagePlane, references: readonly ImagePlane[]): Int16Array {
  const lines = references.map((reference) => intersectingLine(plane, reference).line!);
  return Int16Array.from({ length: plane.rows * plane.columns }, (_, i) => {
    const [x, y] = [i % plane.columns, Math.floor(i / plane.columns)];
    const [bright, dark] = lines.map(([a, b, d]) => Math.exp(-0.5 * ((a * x + b * y + d) / 1.9) ** 2));
    return 1000 + Math.round(800 * bright! - 800 * dark!);
  });
}

export interface Study {
  readonly slices?: readonly ImagePlane[];
  readonly views?: boolean;
  readonly rest?: Partial<TestImage>;
}

/** The planes of subject `n`. */
export const planesOf = (n: number) =>
  [acrossAt(20 + 9 * n, n % 3, 5 - n), acrossAt(95 + 9 * n, 0, n - 4)] as const;

export function study(n: number, { slices = stackOf(7), views = true, rest = {} }: Study = {}): FileSource[] {
  const references = planesOf(n);
  const common = { patientId: `p${n}`, frameOfReferenceUid: `1.4.${n}`, ...rest };
  const long = views
    ? references.map((plane, i) =>
        imageFile(`p${n}/${i === 0 ? '2ch' : '4ch'}/a.dcm`, plane, {
          ...common,
          seriesUid: `1.3.${n}.${i + 1}`,
        }),
      )
    : [];
  const short = slices.map((plane, i) =>
    imageFile(`p${n}/sax/s${i}.dcm`, plane, {
      ...common,
      ...{ seriesUid: `1.3.${n}.9`, instanceNumber: i + 1, pixels: drawn(plane, references) },
    }),
  );
  return [...long, ...short];
}

/** An image whose header is whole and whose compressed pixels are not. */
export function undecodable({ path }: FileSource, plane: ImagePlane, n: number, series: string): FileSource {
  const common = { patientId: `p${n}`, frameOfReferenceUid: `1.4.${n}`, seriesUid: `1.3.${n}.${series}` };
  const head = writeDicom({ plane, ...common, override: { '7fe00010': null } }, '1.2.840.10008.1.2.5');
  return memoryFile(path, inFragment(head, new Uint8Array(64)));
}

/** A study of which the 2-chamber view and one slice, the fourth, cannot be decoded. */
export function damagedStudy(n: number): FileSource[] {
  const files = study(n);
  const [twoChamber, , first] = files;
  const spoilt = files[5]!;
  expect([twoChamber, first, spoilt].map((file) => file!.path)).toEqual(
    [`2ch/a`, 'sax/s0', 'sax/s3'].map((name) => `p${n}/${name}.dcm`),
  );
  return files.map((file) => {
    if (file === twoChamber) return undecodable(file, planesOf(n)[0], n, '1');
    return file === spoilt ? undecodable(file, stackOf(7)[3]!, n, '9') : file;
  });
}
