/** @file Unpacks deflate within bounds: a small file can become any size, and what is unpacked is held in memory. */
import { Inflate, inflateSync } from 'fflate';

/** What any packed file may become, bytes. Its voxels as float32 are four times as much at most. */
const ALWAYS = 2 ** 26;

/** How many times its size a larger one may become; images become 2 to 10 times theirs. */
const TIMES = 32;

/** The most bytes that so many packed ones may become. */
export const mostUnpacked = (packed: number): number => Math.max(ALWAYS, TIMES * packed);

/** Packed bytes at a time: they are 16 MB at most when unpacked. */
const STEP = 2 ** 14;

const TOO_MANY = Symbol('more than asked for');

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** As far as it can be unpacked; stops behind `most` bytes, and says so. Throws for damage. */
function unpackedParts(packed: Uint8Array, most: number, ends: boolean) {
  const parts: Uint8Array[] = [];
  let length = 0;
  const stream = new Inflate((part) => {
    parts.push(part);
    length += part.length;
    if (length > most) throw TOO_MANY;
  });
  try {
    for (let at = 0; at < Math.max(1, packed.length); at += STEP)
      stream.push(packed.subarray(at, at + STEP), ends && at + STEP >= packed.length);
  } catch (error) {
    if (error !== TOO_MANY) throw error;
  }
  return { parts, length };
}

/** A whole deflate stream (RFC 1951) unpacked; null where it is more than `most` bytes. Throws for damage. */
export function inflateUpTo(packed: Uint8Array, most: number): Uint8Array | null {
  if (packed.length <= STEP) {
    const small = inflateSync(packed);
    return small.length > most ? null : small;
  }
  const { parts, length } = unpackedParts(packed, most, true);
  return length > most ? null : joined(parts, length);
}

/** The first `most` bytes of a deflate stream, or as many as `packed`, a part of it, holds. Throws for damage. */
export function inflateStart(packed: Uint8Array, most: number): Uint8Array {
  const { parts, length } = unpackedParts(packed, most, false);
  return joined(parts, length).subarray(0, most);
}
