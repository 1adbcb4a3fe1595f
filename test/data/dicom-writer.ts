/** @file Writes small MR images as explicit little-endian DICOM Part 10, for tests that need files of a known geometry. */

import type { FileSource, ImagePlane } from '../../src/data/types.ts';

/** VR, then the value: text, numbers (US) or raw bytes. */
type Value = readonly [vr: string, value: string | number | Uint8Array];

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
  readonly override?: Record<string, Value | null>;
}

const longLengthVrs = new Set(['OB', 'OW', 'UN', 'SQ', 'UT']);

function payload(vr: string, value: string | number | Uint8Array): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'number') return Uint8Array.of(value & 255, value >> 8);
  const text = value.length % 2 === 0 ? value : value + (vr === 'UI' ? '\0' : ' ');
  return new TextEncoder().encode(text);
}

function element(tag: string, [vr, value]: Value): Uint8Array {
  const body = payload(vr, value);
  const long = longLengthVrs.has(vr);
  const bytes = new Uint8Array((long ? 12 : 8) + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Number.parseInt(tag.slice(0, 4), 16), true);
  view.setUint16(2, Number.parseInt(tag.slice(4), 16), true);
  bytes.set([vr.charCodeAt(0), vr.charCodeAt(1)], 4);
  if (long) view.setUint32(8, body.length, true);
  else view.setUint16(6, body.length, true);
  bytes.set(body, long ? 12 : 8);
  return bytes;
}

function elements(entries: Record<string, Value | null>): Uint8Array {
  const parts = Object.keys(entries)
    .sort()
    .flatMap((tag) => (entries[tag] ? [element(tag, entries[tag])] : []));
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

const decimals = (values: readonly number[]): string => values.map((v) => String(+v.toFixed(9))).join('\\');

/** The file's bytes. `syntax` only names a transfer syntax; the encoding stays explicit little endian. */
export function writeDicom(image: TestImage, syntax = '1.2.840.10008.1.2.1'): Uint8Array {
  const { plane } = image;
  const pixels = image.pixels ?? Int16Array.from({ length: plane.rows * plane.columns }, (_, i) => i);
  const meta = elements({ '00020010': ['UI', syntax] });
  const body = elements({
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
    '7fe00010': ['OW', new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength)],
    ...image.override,
  });
  const marker = new TextEncoder().encode('DICM');
  const group = new Uint8Array(12);
  group.set([2, 0, 0, 0, 0x55, 0x4c, 4, 0]);
  new DataView(group.buffer).setUint32(8, meta.length, true);
  return concat([new Uint8Array(128), marker, group, meta, body]);
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
