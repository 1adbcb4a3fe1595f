/** @file Writes zip archives for tests, with every oddity that a reader has to know. */
import { deflateSync } from 'fflate';
import { crc32 } from '../../src/base/hash.ts';

export interface ZipFile {
  /** Bytes where the name is not UTF-8. */
  readonly name: string | Uint8Array;
  readonly content?: Uint8Array | string;
  /** 0 stored, 8 deflated (default); of any other the content is written as it is. */
  readonly method?: number;
  /** General purpose bits: 1 encrypted, 0x800 the name is UTF-8. */
  readonly flags?: number;
  /** Sizes and checksum behind the content, as programs write that do not know them before. */
  readonly descriptor?: boolean;
  /** Sizes and offset in 64 bits. */
  readonly zip64?: boolean;
  /** What the directory claims, where it is wrong. */
  readonly claims?: { readonly size?: number; readonly crc?: number; readonly offset?: number };
  /** Unix file type and permissions. */
  readonly mode?: number;
}

const bytesOf = (text: Uint8Array | string): Uint8Array =>
  typeof text === 'string' ? new TextEncoder().encode(text) : text;

const littleEndian = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);
const u16 = (...values: readonly number[]): number[] => values.flatMap((value) => littleEndian(value, 2));
const u32 = (...values: readonly number[]): number[] => values.flatMap((value) => littleEndian(value, 4));
const u64 = (...values: readonly number[]): number[] => values.flatMap((value) => littleEndian(value, 8));

/** Where this stands, a field of 64 bits has the value. */
const full = 0xffffffff;

function writeFile(file: ZipFile, offset: number): { local: number[]; central: number[] } {
  const { descriptor = false, zip64 = false, method = 8, mode = 0, claims = {} } = file;
  const [name, content] = [bytesOf(file.name), bytesOf(file.content ?? '')];
  const packed = method === 8 ? deflateSync(content) : content;
  const { size = content.length, crc = crc32(content), offset: at = offset } = claims;
  const flags = (file.flags ?? 0) | (descriptor ? 8 : 0);
  const head = [...u16(zip64 ? 45 : 20, flags, method, 0, 0x21)];
  const sizes = zip64 ? u32(crc, full, full) : u32(crc, packed.length, size);
  const extra = zip64 ? [...u16(1, 24), ...u64(size, packed.length, at)] : [];
  const tail = descriptor ? u32(0x08074b50, crc, packed.length, size) : [];
  const localSizes = [...(descriptor ? u32(0, 0, 0) : sizes), ...u16(name.length, extra.length)];
  const places = [...u16(0, 0, 0), ...u32(mode * 65536, zip64 ? full : at)];
  return {
    local: [...u32(0x04034b50), ...head, ...localSizes, ...name, ...extra, ...packed, ...tail],
    central: [
      ...u32(0x02014b50),
      ...u16((mode ? 3 : 0) * 256 + 20),
      ...head,
      ...sizes,
      ...u16(name.length, extra.length),
      ...places,
      ...name,
      ...extra,
    ],
  };
}

/** End of the directory in 64 bits, and where it is (APPNOTE 4.3.14, 4.3.15). */
const end64 = (count: number, size: number, offset: number): number[] => [
  ...u32(0x06064b50),
  ...u64(44),
  ...u16(45, 45),
  ...u32(0, 0),
  ...u64(count, count, size, offset),
  ...u32(0x07064b50, 0),
  ...u64(offset + size),
  ...u32(1),
];

/** A zip archive; `comment` stands at its end, `disk` is the number of its last part. */
export function zipOf(
  files: readonly ZipFile[],
  { comment = '', disk = 0 }: { readonly comment?: string; readonly disk?: number } = {},
): Uint8Array {
  const [bytes, directory]: [number[][], number[][]] = [[], []];
  let offset = 0;
  for (const file of files) {
    const { local, central } = writeFile(file, offset);
    bytes.push(local);
    directory.push(central);
    offset += local.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const zip64 = files.some((file) => file.zip64);
  const count = zip64 ? 0xffff : files.length;
  const end = [
    ...(zip64 ? end64(files.length, size, offset) : []),
    ...u32(0x06054b50),
    ...u16(disk, disk, count, count),
    ...(zip64 ? u32(full, full) : u32(size, offset)),
    ...u16(comment.length),
    ...bytesOf(comment),
  ];
  return Uint8Array.from([...bytes, ...directory, end].flat());
}
