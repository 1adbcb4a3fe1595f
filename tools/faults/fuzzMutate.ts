/** @file Damages a file, as disks, transfers and other programs do, and as somebody would on purpose. */

/** Whole numbers below `below`. */
export type Draw = (below: number) => number;

export type Mutation = 'bits' | 'cut' | 'number' | 'doubled' | 'removed' | 'zeros' | 'swapped' | 'text';

type Mutate = (bytes: Uint8Array, draw: Draw) => Uint8Array;

const joined = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

/** A place, more often in the first kilobyte, where headers are. */
const placeIn = ({ length }: Uint8Array, draw: Draw): number =>
  draw(Math.max(1, draw(3) === 0 ? length : Math.min(length, 1024)));

/** A stretch of 1 to 4096 bytes. */
function stretchIn(bytes: Uint8Array, draw: Draw): readonly [from: number, to: number] {
  const from = placeIn(bytes, draw);
  return [from, Math.min(bytes.length, from + 1 + draw(2 ** draw(13)))];
}

function flipBits(bytes: Uint8Array, draw: Draw): Uint8Array {
  const flipped = bytes.slice();
  for (let n = 1 + draw(8); n > 0; n--) flipped[placeIn(bytes, draw)]! ^= 1 << draw(8);
  return flipped;
}

const wholes = [0, 1, 0x7f, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const reals = [0, -1, 1e-170, 1e38, 1e300, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];

/** An extreme number where a field may be, in either byte order. */
function setNumber(bytes: Uint8Array, draw: Draw): Uint8Array {
  const room = new Uint8Array(bytes.length + 8);
  room.set(bytes);
  const view = new DataView(room.buffer);
  const [at, little] = [placeIn(bytes, draw), draw(2) === 0];
  const [one, real] = [wholes[draw(wholes.length)]!, reals[draw(reals.length)]!];
  const kind = draw(5);
  if (kind === 0) view.setUint16(at, one & 0xffff, little);
  if (kind === 1) view.setUint32(at, one, little);
  if (kind === 2) view.setBigUint64(at, BigInt(one) << BigInt(draw(33)), little);
  if (kind === 3) view.setFloat32(at, real, little);
  if (kind === 4) view.setFloat64(at, real, little);
  return room.subarray(0, bytes.length);
}

const words = [
  ...['__proto__', 'constructor', 'toString', 'null', '[null]', '{}', '[]', '1e999', '-1', '1e308', '1e-170'],
  ...['"', '\\', '\0', '\r\n', '\x1b[2J', '\u202e', '[[[[[[[[', '99999999999999999999', '0.0\\0.0', '*'],
];

/** A word in place of as many bytes, or between them. */
function putText(bytes: Uint8Array, draw: Draw): Uint8Array {
  const word = new TextEncoder().encode(words[draw(words.length)]!);
  const at = placeIn(bytes, draw);
  const behind = draw(2) === 0 ? at : Math.min(bytes.length, at + word.length);
  return joined(bytes.subarray(0, at), word, bytes.subarray(behind));
}

export const mutations: Readonly<Record<Mutation, Mutate>> = {
  bits: flipBits,
  cut: (bytes, draw) => bytes.slice(0, draw(bytes.length)),
  number: setNumber,
  doubled(bytes, draw) {
    const [from, to] = stretchIn(bytes, draw);
    return joined(bytes.subarray(0, to), bytes.subarray(from, to), bytes.subarray(to));
  },
  removed(bytes, draw) {
    const [from, to] = stretchIn(bytes, draw);
    return joined(bytes.subarray(0, from), bytes.subarray(to));
  },
  zeros(bytes, draw) {
    const [from, to] = stretchIn(bytes, draw);
    return bytes.slice().fill(draw(2) === 0 ? 0 : 0xff, from, to);
  },
  swapped(bytes, draw) {
    const [[a, b], [c, d]] = [stretchIn(bytes, draw), stretchIn(bytes, draw)];
    return joined(bytes.subarray(0, a), bytes.subarray(c, d), bytes.subarray(b));
  },
  text: putText,
};
