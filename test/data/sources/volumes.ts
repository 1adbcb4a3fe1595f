/** @file Volumes for tests, written as files of a patient laid out as ACDC. */
import { gunzipSync } from 'fflate';
import { writeNifti } from '../../../src/data/nifti.ts';
import type { FileSource } from '../../../src/data/types.ts';
import { memoryFile } from '../dicom-writer.ts';

/** Short-axis slices 8 mm apart, base first, pixels of 2 × 2 mm; RAS. */
export const oblique = affineOf(
  [-1.6, -1.2, 0],
  [0.72, -0.96, -1.6],
  // towards left, anterior and inferior: −x, +y, −z in RAS
  [-3.84, 5.12, -4.8],
  [10, -20, 30],
);

type Triple = readonly [number, number, number];

/** Row-major 4×4 from its columns. */
export function affineOf(i: Triple, j: Triple, k: Triple, origin: Triple): number[] {
  const row = (r: 0 | 1 | 2): number[] => [i[r], j[r], k[r], origin[r]];
  return [...row(0), ...row(1), ...row(2), 0, 0, 0, 1];
}

export interface TestVolume {
  readonly dims?: readonly number[];
  readonly affine?: readonly number[];
  /** Voxel (i, j, k)'s value. */
  readonly value?: (i: number, j: number, k: number) => number;
  readonly type?: 'u8' | 'i16' | 'f32';
  readonly gzip?: boolean;
  /** Changes the written file, which is not packed then. */
  readonly change?: (view: DataView) => void;
}

/** Lengths of the affine's columns. */
const spacingOf = (affine: readonly number[]): number[] =>
  [0, 1, 2].map((c) => Math.hypot(affine[c]!, affine[4 + c]!, affine[8 + c]!));

/** A bright left of every slice, slices growing brighter. */
export const picture = (i: number, j: number, k: number): number => 100 * k + 10 * i + j;

/** The bytes of a volume, 16 × 12 × 3 of `oblique` where nothing else is said. */
export function niftiBytes(volume: TestVolume = {}): Uint8Array {
  const { dims = [16, 12, 3], affine = oblique, value = picture, type = 'i16', gzip = false } = volume;
  const [columns, rows] = dims as [number, number];
  const data = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, n) =>
    value(n % columns, Math.floor(n / columns) % rows, Math.floor(n / (columns * rows))),
  );
  const bytes = writeNifti({ dims, spacing: spacingOf(affine), affine, data }, { type, gzip });
  if (!volume.change) return bytes;
  const plain = gzip ? gunzipSync(bytes) : bytes;
  volume.change(new DataView(plain.buffer, plain.byteOffset, plain.byteLength));
  return plain;
}

/** Labels 1, 2 and 3 side by side in every slice. */
export const threeLabels = (i: number, j: number): number =>
  j >= 4 && j < 8 && i >= 2 && i < 14 ? 1 + Math.floor((i - 2) / 4) : 0;

/** A volume as a file; its ending says whether it is packed. */
export const volumeFile = (path: string, volume: TestVolume = {}): FileSource =>
  memoryFile(path, niftiBytes({ gzip: path.endsWith('.gz') && !volume.change, ...volume }));

export const maskFile = (path: string, volume: TestVolume = {}): FileSource =>
  volumeFile(path, { value: threeLabels, type: 'u8', ...volume });

export const textFile = (path: string, text: string): FileSource =>
  memoryFile(path, new TextEncoder().encode(text));

/** A patient with labelled frames 1 (ED) and 7 (ES), `labels` giving the masks' voxels. */
export function patient(
  folder: string,
  labels: (i: number, j: number, k: number) => number = threeLabels,
): FileSource[] {
  const id = folder.split('/').at(-1)!;
  return [
    textFile(`${folder}/Info.cfg`, 'ED: 1\nES: 7\nGroup: NOR\n'),
    ...[1, 7].flatMap((frame) => [
      volumeFile(`${folder}/${id}_frame0${frame}.nii.gz`, { value: (i, j, k) => frame + picture(i, j, k) }),
      maskFile(`${folder}/${id}_frame0${frame}_gt.nii.gz`, { value: labels }),
    ]),
  ];
}
