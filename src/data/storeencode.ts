/** @file A prepared store's files as bytes: manifest.json, pixels.<dtype>.bin and, where there are any, colours.<dtype>.bin and masks.u8.bin. */
import { ShapeError } from '../base/errors.ts';
import { toHalf } from '../base/half.ts';
import { BlockChecksum } from './storeblocks.ts';
import { mostClasses, type StoredManifest } from './storedmanifest.ts';
import { type PreparedData, type PreparedManifest, type TrainingData, UNKNOWN } from './types.ts';
import { bytesIn, type Values } from './values.ts';

/** A store's files. */
export interface EncodedStore {
  readonly manifest: Uint8Array;
  readonly pixels: Uint8Array;
  /** [images, size, size, 2]; absent where the images have no colour. */
  readonly colours?: Uint8Array;
  /** [images, size, size], a byte each; absent where the data have no masks. */
  readonly masks?: Uint8Array;
}

/** Values as a store's files have them. */
export const encodedValues = (values: Float32Array, dtype: PreparedManifest['dtype']): Uint8Array =>
  bytesIn(dtype === 'f16' ? toHalf(values) : values);

/** A mask's first value that is neither a class nor UNKNOWN. */
export const strayClass = (masks: Uint8Array, classes: number): number | undefined =>
  masks.find((value) => value >= classes && value !== UNKNOWN);

/** Throws ShapeError where values are not as many as the images have pixels, or classes not such as masks can have. */
export function checkCounts({ manifest, masks, colours }: TrainingData): void {
  if (masks) checkMasks(masks, manifest);
  if (colours) checkColours(colours, manifest);
}

function checkMasks(masks: Values<Uint8Array>, { classes = [], images, size }: PreparedManifest): void {
  const refuse = (argument: string, problem: string, fix: string): ShapeError =>
    new ShapeError('encodeStore', argument, problem, fix);
  const count = images.length * size ** 2;
  if (masks.length !== count)
    throw refuse('masks', `have ${masks.length} values for ${count} pixels`, 'Give one for each pixel.');
  if (classes.length < 1 || classes.length > mostClasses)
    throw refuse('classes', `are ${classes.length}`, `Give 1 to ${mostClasses} names, background first.`);
}

/** Throws ShapeError where masks hold what is neither a class nor UNKNOWN. */
export function checkClasses(masks: Uint8Array, classes: number): void {
  const stray = strayClass(masks, classes);
  if (stray === undefined) return;
  const problem = `hold ${stray}, but there are ${classes} classes`;
  throw new ShapeError('encodeStore', 'masks', problem, 'Name every class.');
}

function checkColours(colours: Values<Float32Array>, { images, size }: PreparedManifest): void {
  const count = images.length * size ** 2;
  if (colours.length === 2 * count) return;
  const problem = `have ${colours.length} values for ${count} pixels`;
  throw new ShapeError('encodeStore', 'colours', problem, 'Give two for each pixel.');
}

/** Checksums of a store's files. */
export interface StoreSums {
  readonly pixels: BlockChecksum;
  readonly colours?: BlockChecksum | undefined;
  readonly masks?: BlockChecksum | undefined;
}

/** A manifest as its file has it: of version 2 where there are masks, else of version 1. */
export function storedManifest(
  given: PreparedManifest,
  { pixels, colours, masks }: StoreSums,
): StoredManifest {
  const { colours: _, ...plain } = given;
  const known: PreparedManifest = colours ? { ...plain, colours: 'CIELAB' } : plain;
  const { classes, ...rest } = known;
  const manifest: PreparedManifest = masks ? { ...known, version: 2 } : { ...rest, version: 1 };
  const blocks = {
    bytes: pixels.blockBytes,
    pixels: pixels.blocks,
    ...(colours && { colours: colours.blocks }),
    ...(masks && { masks: masks.blocks }),
  };
  return {
    ...manifest,
    checksum: pixels.value,
    ...(colours && { coloursChecksum: colours.value }),
    ...(masks && { masksChecksum: masks.value }),
    ...(pixels.blocks.length > 1 && { blocks }),
  };
}

/**
 * The files of a store, little endian: of version 2 where the data have masks, else of version 1.
 * Throws ShapeError where masks are not one class or UNKNOWN for each pixel, or colours not two numbers.
 * @example
 * const manifest = { size: 1, dtype: 'f16', images: [{ subject: 'A' }, { subject: 'B' }] };
 * data.encodeStore({ manifest, pixels: Float32Array.of(1, -1) }).pixels; // [0,60,0,188]
 */
export function encodeStore(data: PreparedData): EncodedStore {
  const { manifest, masks } = data;
  checkCounts(data);
  if (masks) checkClasses(masks, manifest.classes?.length ?? 0);
  const pixels = encodedValues(data.pixels, manifest.dtype);
  const colours = data.colours && encodedValues(data.colours, manifest.dtype);
  const stored = storedManifest(manifest, {
    pixels: BlockChecksum.of(pixels),
    colours: colours && BlockChecksum.of(colours),
    masks: masks && BlockChecksum.of(masks),
  });
  return {
    manifest: new TextEncoder().encode(`${JSON.stringify(stored)}\n`),
    pixels,
    ...(colours && { colours }),
    ...(masks && { masks }),
  };
}
