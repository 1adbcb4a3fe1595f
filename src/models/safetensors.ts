/** @file The safetensors format: u64 header length, JSON header, raw little-endian bytes. */
import { FileError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { isRecord } from '../base/record.ts';
import { elementCount, formatShape, type Shape } from '../tensor/shape.ts';

const elementBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;

export type SafetensorsType = keyof typeof elementBytes;

export interface SafeTensor {
  readonly dtype: SafetensorsType;
  readonly shape: Shape;
  /** Little-endian elements, row-major. */
  readonly bytes: Uint8Array;
}

interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A header for a hundred thousand tensors. The format's own bound, ten times as much, becomes a gigabyte when parsed. */
const MAX_HEADER = 10_000_000;
const METADATA = '__metadata__';

const again = 'It is no whole safetensors file; copy it again or export it anew.';

/** The bytes of a file; the header is padded with spaces so that the data begins at a multiple of 8. */
export function encodeSafetensors({ tensors, metadata }: SafetensorsFile): Uint8Array<ArrayBuffer> {
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [[METADATA, metadata]] : [];
  let end = 0;
  for (const [name, { dtype, shape, bytes }] of tensors) {
    entries.push([name, { dtype, shape, data_offsets: [end, end + bytes.length] }]);
    end += bytes.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const start = 8 + Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(start + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.fill(0x20, 8, start).set(json, 8);
  let at = start;
  for (const { bytes } of tensors.values()) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/**
 * Every tensor of a file, as views of `file`. Nothing of the header is trusted: the spans must cover the data exactly.
 * @param name what error messages call the file
 * @throws FileError for anything that is not a whole, well-formed file
 */
export function decodeSafetensors(file: Uint8Array, name: string): SafetensorsFile {
  const start = 8 + headerLength(file, name);
  const header = parseHeader(file.subarray(8, start), name);
  const data = file.subarray(start);
  const spans = Object.entries(header)
    .filter(([tensor]) => tensor !== METADATA)
    .map(([tensor, entry]) => spanOf(tensor, entry, name));
  expectCover(spans, data.length, name);
  const tensors = new Map(
    spans.map(({ tensor, dtype, shape, begin, end }) => [
      tensor,
      { dtype, shape, bytes: data.subarray(begin, end) },
    ]),
  );
  return { tensors, metadata: metadataOf(header[METADATA], name) };
}

function broken(file: string, problem: string, options?: ErrorOptions): FileError {
  return new FileError(file, problem, again, options);
}

function headerLength(file: Uint8Array, name: string): number {
  if (file.length < 8) throw broken(name, `has ${file.length} bytes, fewer than a header's length takes`);
  const length = new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(file.length - 8))
    throw broken(name, `announces a header of ${length} bytes, but has ${file.length} bytes in all`);
  if (length > BigInt(MAX_HEADER))
    throw broken(name, `has a header of ${length} bytes, of which ${MAX_HEADER} are read at most`);
  return Number(length);
}

function parseHeader(bytes: Uint8Array, name: string): Readonly<Record<string, unknown>> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw broken(name, 'has a header that is no JSON', { cause });
  }
  const header = parseJson(text, name, again, 'has a header that is no JSON');
  if (!isRecord(header)) throw broken(name, 'has a header that is no JSON object');
  return header;
}

interface Span {
  readonly tensor: string;
  readonly dtype: SafetensorsType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);

function spanOf(tensor: string, entry: unknown, name: string): Span {
  const what = `tensor ${JSON.stringify(tensor.slice(0, 100))}`;
  if (!isRecord(entry)) throw broken(name, `${what} has no description`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(elementBytes, dtype))
    throw broken(name, `${what} has the unknown type ${JSON.stringify(dtype)?.slice(0, 100)}`);
  if (!isSizes(shape)) throw broken(name, `${what} has a shape that is no list of sizes`);
  if (!isSizes(offsets) || offsets.length !== 2) throw broken(name, `${what} has no pair of data offsets`);
  const [begin, end] = offsets as [number, number];
  const bytes = elementCount(shape) * elementBytes[dtype as SafetensorsType];
  if (end - begin !== bytes)
    throw broken(
      name,
      `${what} of ${dtype} ${formatShape(shape)} spans bytes ${begin} to ${end}, not ${bytes}`,
    );
  return { tensor, dtype: dtype as SafetensorsType, shape, begin, end };
}

/** Spans must follow each other without hole or overlap from 0 to `length`. */
function expectCover(spans: readonly Span[], length: number, name: string): void {
  let covered = 0;
  for (const { tensor, begin, end } of [...spans].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered)
      throw broken(
        name,
        `tensor ${JSON.stringify(tensor.slice(0, 100))} begins at byte ${begin}, not ${covered}`,
      );
    covered = end;
  }
  if (covered !== length)
    throw broken(name, `holds ${length} bytes of data where its header describes ${covered}`);
}

function metadataOf(value: unknown, name: string): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isRecord(value) || !Object.values(value).every((text) => typeof text === 'string'))
    throw broken(name, 'has metadata that is no map of strings');
  return value as Readonly<Record<string, string>>;
}
