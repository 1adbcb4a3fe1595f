/** @file Writes a label volume under the header of its image, so that every program lays one on the other. */

import { gzipSync } from 'fflate';
import { ShapeError } from '../../base/errors.ts';
import { gunzip, isGzip } from './gunzip.ts';
import { type NiftiHeader, parseNiftiHeader } from './header.ts';

/** How labels are stored: whole numbers to 255, or from −32768 to 32767. */
export type LabelType = 'u8' | 'i16';

const types = {
  u8: { code: 2, bytes: 1, min: 0, max: 255 },
  i16: { code: 4, bytes: 2, min: -32768, max: 32767 },
} as const;

export interface LabelOptions {
  /** Default u8. */
  readonly type?: LabelType;
  readonly gzip?: boolean;
  /** Whether descriptions stay, in which a name may stand; default true. */
  readonly texts?: boolean;
}

/** NIFTI_INTENT_LABEL (nifti1.h): each voxel's value is an index into a set of labels. */
const labelIntent = 1002;

type Setter = 'setInt16' | 'setInt32' | 'setBigInt64' | 'setFloat32' | 'setFloat64';

/** Where a header has what a label volume says differently from its image; numbers of one kind side by side. */
interface Places {
  readonly bytes: number;
  readonly magic: readonly [at: number, text: string];
  readonly dim: readonly [Setter, at: number, step: number];
  readonly datatype: number;
  readonly voxOffset: readonly [Setter, at: number];
  /** scl_slope, scl_inter, cal_max, cal_min. */
  readonly scaling: readonly [Setter, at: readonly number[]];
  /** intent_p1 to intent_p3, and intent_name. */
  readonly intent: readonly (readonly [at: number, bytes: number])[];
  readonly intentCode: readonly [Setter, at: number];
  /** Texts that anybody may have written: descrip, aux_file and, of NIfTI-1, db_name. */
  readonly texts: readonly (readonly [at: number, bytes: number])[];
}

const nifti1: Places = {
  bytes: 348,
  magic: [344, 'n+1\0'],
  dim: ['setInt16', 40, 2],
  datatype: 70,
  voxOffset: ['setFloat32', 108],
  scaling: ['setFloat32', [112, 116, 124, 128]],
  intent: [
    [56, 12],
    [328, 16],
  ],
  intentCode: ['setInt16', 68],
  texts: [
    [14, 18],
    [148, 80],
    [228, 24],
  ],
};

const nifti2: Places = {
  bytes: 540,
  magic: [4, 'n+2\0\r\n\x1a\n'],
  dim: ['setBigInt64', 16, 8],
  datatype: 12,
  voxOffset: ['setBigInt64', 168],
  scaling: ['setFloat64', [176, 184, 192, 200]],
  intent: [
    [80, 24],
    [508, 16],
  ],
  intentCode: ['setInt32', 504],
  texts: [
    [240, 80],
    [320, 24],
  ],
};

/** Voxels along i, j, k; 1 where the file has fewer dimensions. */
const dimsOf = ({ dim }: NiftiHeader): number[] =>
  [1, 2, 3].map((axis) => (axis <= dim[0]! ? dim[axis]! : 1));

function checkLabels(labels: ArrayLike<number>, header: NiftiHeader, type: LabelType, file: string): void {
  const dims = dimsOf(header);
  const refuse = (problem: string, fix: string) => new ShapeError('writeLabels', 'labels', problem, fix);
  if (dims.reduce((a, b) => a * b) !== labels.length)
    throw refuse(
      `has ${labels.length} values for the dims [${dims.join(', ')}] of ${file}`,
      "Give one for each of the image's voxels, i fastest.",
    );
  const { min, max } = types[type];
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (Number.isInteger(label) && label >= min && label <= max) continue;
    throw refuse(`holds ${label}`, `Give whole numbers from ${min} to ${max}, or write another type.`);
  }
}

/** The image's header, in its byte order, changed to one of a single file with one volume of unscaled labels. */
function labelHeader(
  image: Uint8Array,
  header: NiftiHeader,
  { type = 'u8', texts = true }: LabelOptions,
  places: Places,
): Uint8Array {
  const bytes = new Uint8Array(places.bytes + 4); // the extension flag after it stays 0: none
  bytes.set(image.subarray(0, places.bytes));
  const view = new DataView(bytes.buffer);
  const put = (setter: Setter, at: number, value: number): void => {
    if (setter === 'setBigInt64') view.setBigInt64(at, BigInt(value), header.littleEndian);
    else view[setter](at, value, header.littleEndian);
  };
  const [setDim, dimAt, step] = places.dim;
  put(setDim, dimAt, Math.min(3, header.dim[0]!));
  for (let axis = 4; axis <= 7; axis++) put(setDim, dimAt + axis * step, 1);
  put('setInt16', places.datatype, types[type].code);
  put('setInt16', places.datatype + 2, 8 * types[type].bytes);
  put(...places.voxOffset, bytes.length);
  const [setScaling, scalingAt] = places.scaling;
  for (const [i, at] of scalingAt.entries()) put(setScaling, at, i === 0 ? 1 : 0);
  for (const [at, count] of places.intent) bytes.fill(0, at, at + count);
  put(...places.intentCode, labelIntent);
  if (!texts) for (const [at, count] of places.texts) bytes.fill(0, at, at + count);
  bytes.set(new TextEncoder().encode(places.magic[1]), places.magic[0]);
  return bytes;
}

function encodeLabels(labels: ArrayLike<number>, type: LabelType, littleEndian: boolean): Uint8Array {
  if (type === 'u8') return Uint8Array.from(labels);
  const view = new DataView(new ArrayBuffer(2 * labels.length));
  for (let i = 0; i < labels.length; i++) view.setInt16(2 * i, labels[i]!, littleEndian);
  return new Uint8Array(view.buffer);
}

/**
 * NIfTI bytes (single file) of a label volume under its image's header: version, byte order, dims, pixdim, qform,
 * sform, codes, units, descriptions and slice timing stay to the bit, contradictions included, so that any reader
 * gives both the same affine. Type, scaling (1 and 0), display range and intent (NIFTI_INTENT_LABEL) are the labels';
 * of a cine one volume is written, and extensions are left out.
 * @param labels i fastest (columns), then j, then k; the same labels give the same bytes, gzipped or not
 * @param image bytes of the image's .nii or .nii.gz (or .hdr), of which `file` is the name for messages
 * Throws FileError when the image has no NIfTI header, ShapeError for labels of another length or beyond the type.
 */
export function writeLabels(
  labels: ArrayLike<number>,
  image: Uint8Array,
  file: string,
  options: LabelOptions = {},
): Uint8Array {
  const { type = 'u8', gzip = false } = options;
  const unpacked = isGzip(image) ? gunzip(image, file).body : image;
  const header = parseNiftiHeader(unpacked, file);
  checkLabels(labels, header, type, file);
  const places = header.minOffset === nifti1.bytes + 4 ? nifti1 : nifti2;
  const start = labelHeader(unpacked, header, options, places);
  const body = encodeLabels(labels, type, header.littleEndian);
  const bytes = new Uint8Array(start.length + body.length);
  bytes.set(start);
  bytes.set(body, start.length);
  return gzip ? gzipSync(bytes, { mtime: 0 }) : bytes;
}
