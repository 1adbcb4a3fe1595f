/** @file Writes small MR images as DICOM, in any encoding, for tests that need files of a known geometry. */

import type { FileSource, ImagePlane } from '../../src/data/types.ts';

/** VR, '' for none, then the value: text, numbers (US), raw bytes, or the items of a sequence. */
type Value = readonly [vr: string, value: string | number | Uint8Array | readonly Entries[]];
export type Entries = { readonly [tag: string]: Value | null };

export interface TestImage {
  readonly plane: ImagePlane;
  /** Row-major signed 16-bit samples; a ramp when absent. */
  readonly pixels?: Int16Array;
  readonly patientId?: string;
  readonly seriesUid?: string;
  readonly seriesDescription?: string;
  readonly frameOfReferenceUid?: string;
  readonly instanceNumber?: number;
  readonly triggerTimeMs?: number;
  /** Elements by 'ggggeeee' that replace the usual ones; null leaves one out. */
  readonly override?: Entries;
}

/** How a file is written; usually as Part 10 in explicit VR, little endian, whatever `syntax` claims. */
export interface Writing {
  readonly explicit?: boolean;
  readonly littleEndian?: boolean;
  /** Whether preamble and marker stand before it. */
  readonly preamble?: boolean;
  /** Elements of group 0002; by default the syntax, none when empty. */
  readonly meta?: Entries;
  /** Sequences with delimiters instead of lengths. */
  readonly delimited?: boolean;
}

const usual: Writing = { explicit: true, littleEndian: true, preamble: true };
const longLengthVrs = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
const undefinedLength = 0xffffffff;

function head(tag: string, vr: string, length: number, { explicit, littleEndian }: Writing): Uint8Array {
  const bytes = new Uint8Array(explicit && longLengthVrs.has(vr) ? 12 : 8);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Number.parseInt(tag.slice(0, 4), 16), littleEndian);
  view.setUint16(2, Number.parseInt(tag.slice(4), 16), littleEndian);
  if (!explicit || vr === '') view.setUint32(4, length, littleEndian);
  else {
    bytes.set([vr.charCodeAt(0), vr.charCodeAt(1)], 4);
    if (bytes.length === 12) view.setUint32(8, length, littleEndian);
    else view.setUint16(6, length, littleEndian);
  }
  return bytes;
}

function items(list: readonly Entries[], how: Writing): Uint8Array {
  const mark = (tag: string, length: number): Uint8Array =>
    head(tag, '', length, { ...how, explicit: false });
  const parts = list.flatMap((entries) => {
    const body = writeElements(entries, how);
    if (!how.delimited) return [mark('fffee000', body.length), body];
    return [mark('fffee000', undefinedLength), body, mark('fffee00d', 0)];
  });
  return concat(how.delimited ? [...parts, mark('fffee0dd', 0)] : parts);
}

function payload(vr: string, value: Value[1], how: Writing): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'number') {
    const bytes = new Uint8Array(2);
    new DataView(bytes.buffer).setUint16(0, value, how.littleEndian);
    return bytes;
  }
  if (typeof value !== 'string') return items(value, how);
  const bytes = new TextEncoder().encode(value);
  return bytes.length % 2 === 0 ? bytes : concat([bytes, Uint8Array.of(vr === 'UI' ? 0 : 0x20)]);
}

/** Elements in the order of their tags, one after the other. */
export function writeElements(entries: Entries, how: Writing = usual): Uint8Array {
  const parts = Object.keys(entries)
    .sort()
    .flatMap((tag) => {
      const entry = entries[tag];
      if (!entry) return [];
      const [vr, value] = entry;
      const body = payload(vr, value, how);
      const delimited = how.delimited && Array.isArray(value);
      return [head(tag, vr, delimited ? undefinedLength : body.length, how), body];
    });
  return concat(parts);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => {
    whole.set(part, at);
    return at + part.length;
  }, 0);
  return whole;
}

export const decimals = (values: readonly number[]): string =>
  values.map((v) => String(+v.toFixed(9))).join('\\');

const explicitSyntax = '1.2.840.10008.1.2.1';

/** The file's bytes. `syntax` only names a transfer syntax; how it is written is said apart. */
export function writeDicom(image: TestImage, syntax = explicitSyntax, writing: Writing = {}): Uint8Array {
  const how = { ...usual, ...writing };
  const { plane } = image;
  const pixels = image.pixels ?? Int16Array.from({ length: plane.rows * plane.columns }, (_, i) => i);
  const samples = new Uint8Array(pixels.slice().buffer);
  if (!how.littleEndian) for (let i = 0; i < samples.length; i += 2) samples.subarray(i, i + 2).reverse();
  const body = writeElements(
    {
      '00080018': ['UI', `1.9.${image.instanceNumber ?? 1}`],
      '0008103e': ['LO', image.seriesDescription ?? 'cine'],
      '00100020': ['LO', image.patientId ?? 'patient'],
      '00181060': image.triggerTimeMs === undefined ? null : ['DS', decimals([image.triggerTimeMs])],
      '0020000e': ['UI', image.seriesUid ?? '1.2.1'],
      '00200013': ['IS', String(image.instanceNumber ?? 1)],
      '00200032': ['DS', decimals(plane.position)],
      '00200037': ['DS', decimals([...plane.rowDirection, ...plane.columnDirection])],
      '00200052': image.frameOfReferenceUid === '' ? null : ['UI', image.frameOfReferenceUid ?? '1.2.2'],
      '00280002': ['US', 1],
      '00280004': ['CS', 'MONOCHROME2'],
      '00280010': ['US', plane.rows],
      '00280011': ['US', plane.columns],
      '00280030': ['DS', decimals(plane.spacingMm)],
      '00280100': ['US', 16],
      '00280101': ['US', 16],
      '00280103': ['US', 1],
      '7fe00010': ['OW', samples],
      ...image.override,
    },
    how,
  );
  const meta = writeElements(how.meta ?? { '00020010': ['UI', syntax] });
  return concat([how.preamble ? preamble : new Uint8Array(), groupLength(meta), meta, body]);
}

const preamble = concat([new Uint8Array(128), new TextEncoder().encode('DICM')]);

/** FileMetaInformationGroupLength; nothing where there is no meta information. */
function groupLength(meta: Uint8Array): Uint8Array {
  if (meta.length === 0) return meta;
  const group = new Uint8Array(12);
  group.set([2, 0, 0, 0, 0x55, 0x4c, 4, 0]);
  new DataView(group.buffer).setUint32(8, meta.length, true);
  return group;
}

export function memoryFile(path: string, bytes: Uint8Array): FileSource {
  return { path, read: () => Promise.resolve(bytes) };
}

/** A short-axis-like plane: the stack's normal points from base to apex, `offset` mm along it. */
export function shortAxisPlane(offset: number, change: Partial<ImagePlane> = {}): ImagePlane {
  return {
    position: [-60 + 0.6 * offset, -70 - 0.48 * offset, 80 - 0.64 * offset],
    rowDirection: [0.8, 0.36, 0.48],
    columnDirection: [0, 0.8, -0.6],
    spacingMm: [1.4, 1.3],
    rows: 40,
    columns: 48,
    ...change,
  };
}

/** A plane that holds the stack's axis, turned by `radians` about it and shifted along its own normal. */
export function longAxisPlane(radians: number, shiftMm = 0): ImagePlane {
  const [x, y] = [
    [0.8, 0.36, 0.48],
    [0, 0.8, -0.6],
  ];
  const [c, s] = [Math.cos(radians), Math.sin(radians)];
  const mix = (a: number, b: number, i: number): number => a * x![i]! + b * y![i]!;
  const normal = [mix(-s, c, 0), mix(-s, c, 1), mix(-s, c, 2)];
  const centre = [-30, -40, 60].map((v, i) => v + shiftMm * normal[i]!);
  return {
    position: [centre[0]!, centre[1]!, centre[2]!],
    rowDirection: [mix(c, s, 0), mix(c, s, 1), mix(c, s, 2)],
    columnDirection: [0.6, -0.48, -0.64],
    spacingMm: [1.3, 1.3],
    rows: 40,
    columns: 48,
  };
}
