/** @file The manifest of a prepared store as its file has it, which may hold anything: whether it is one, field by field. */
import { isRecord } from '../base/record.ts';
import { isPosition, isSpacing } from './geometry.ts';
import { isGrid } from './resample.ts';
import { type PreparedManifest, UNKNOWN } from './types.ts';

/** The manifest as stored: with the checksums that tie it to its files. */
export interface StoredManifest extends PreparedManifest {
  readonly checksum: number;
  /** Of the masks, where there are. */
  readonly masksChecksum?: number;
  /** Of the colours, where there are. */
  readonly coloursChecksum?: number;
  /** Of files that are longer than a block: checksums of their blocks, the last shorter, which say where one is damaged. */
  readonly blocks?: {
    readonly bytes: number;
    readonly pixels: readonly number[];
    readonly colours?: readonly number[];
    readonly masks?: readonly number[];
  };
}

/** Most classes that masks can number beside UNKNOWN. */
export const mostClasses = UNKNOWN;

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber: Check = (value) => Number.isFinite(value);

const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const tableOf =
  (check: Check): Check =>
  (value) =>
    isRecord(value) && Object.values(value).every(check);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const numbers =
  (count: number): Check =>
  (value) =>
    listOf(isNumber)(value) && (value as unknown[]).length === count;

/** Whether a value has these fields. */
const has =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) && Object.entries(fields).every(([name, check]) => check(value[name]));

const isPlane = has({
  position: (value) => Array.isArray(value) && isPosition(value),
  rowDirection: numbers(3),
  columnDirection: numbers(3),
  spacingMm: (value) => listOf(isSpacing)(value) && (value as unknown[]).length === 2,
  rows: isCount,
  columns: isCount,
});

/** Whether a value is an image of a manifest of so many reference views. */
export const isImage = (views: number): Check =>
  has({
    subject: isText,
    file: isText,
    view: isText,
    frame: isCount,
    slice: isCount,
    lines: (value) =>
      listOf((line) => line === null || numbers(3)(line))(value) && (value as unknown[]).length === views,
    location: (value) => value === null || isNumber(value),
    plane: isPlane,
  });

const isSkipped = has({ file: isText, reason: has({ code: isText, message: isText }) });

const hasMasks = has({
  classes: (value) => {
    const count = listOf(isText)(value) ? (value as unknown[]).length : 0;
    return count >= 1 && count <= mostClasses;
  },
  masksChecksum: isCount,
});

const isChecksums: Check = listOf(isCount);
const isBlocks = has({
  bytes: (value) => isCount(value) && value !== 0,
  pixels: isChecksums,
  colours: optional(isChecksums),
  masks: optional(isChecksums),
});

const isBare = has({
  dtype: (value) => value === 'f32' || value === 'f16',
  colours: optional((value) => value === 'CIELAB'),
  coloursChecksum: optional(isCount),
  blocks: optional(isBlocks),
  targetView: isText,
  referenceViews: listOf(isText),
  skipped: listOf(isSkipped),
  images: Array.isArray,
  groups: optional(tableOf(isText)),
  labels: optional(tableOf(tableOf(isText))),
  heldOut: optional(listOf(isText)),
  identifiers: optional((value) => ['pseudonyms', 'kept', 'nobody'].includes(value as string)),
  key: optional(isText),
  order: optional(listOf(isText)),
});

/** Whether a value is a manifest of version 1 or 2, but for the name of its format. */
export function isStored(value: unknown): value is StoredManifest {
  if (!isBare(value)) return false;
  const { size, spacingMm, images, referenceViews, version } = value as StoredManifest;
  return (
    isGrid(size, spacingMm) &&
    images.every(isImage(referenceViews.length)) &&
    (version === 1 || hasMasks(value))
  );
}
