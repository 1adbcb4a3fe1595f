/** @file Compressed streams that lost a part, which is gone, filled up or closed by an end marker: none becomes an image. */
import { expect, it } from 'vitest';
import { checkTiles } from '../../../src/data/dicom/codecs/tiles.ts';
import { decodeFrame } from '../../../src/data/dicom/codecs.ts';
import goldens from '../../goldens/codecs.json' with { type: 'json' };
import { concat } from '../dicom-writer.ts';

const cases = goldens.decoded.map((golden) => ({
  ...golden,
  bytes: new Uint8Array(Buffer.from(golden.stream, 'base64')),
}));
type Golden = (typeof cases)[number];
const named = (pattern: RegExp): Golden[] => cases.filter(({ name }) => pattern.test(name));

/** Whether a stream is refused, or gives what the whole one gives. */
async function isHonest(golden: Golden, stream: Uint8Array): Promise<boolean> {
  const whole = await decodeFrame(golden.bytes, golden.syntax, golden);
  try {
    const { bytes } = await decodeFrame(stream, golden.syntax, golden);
    return Buffer.compare(bytes, whole.bytes) === 0;
  } catch {
    return true;
  }
}

/** Lengths from the middle of the head to a few bytes before the end. */
const lengths = ({ length }: Uint8Array, count: number): number[] =>
  Array.from({ length: count }, (_, i) => 40 + Math.floor(((length - 56) * i) / count));

/** A stream of each kind; all of them take minutes. */
const kinds = named(
  /^(JPEG lossless, predictor [17]|JPEG lossless 8 bit|JPEG baseline|JPEG extended 8 bit|JPEG spectral.*|JPEG progressive|JPEG-LS 8 bit|JPEG 2000 12 bit .*|JPEG 2000, tiles|HTJ2K 12 bit|RLE 16 bit)$/,
);

it('there is a stream of each kind', () => {
  expect(kinds).toHaveLength(12);
});

it.each(kinds.map((golden) => [golden.name, golden] as const))(
  '%s that is cut short, or filled up with zeros to its length, is refused',
  async (_, golden) => {
    for (const length of lengths(golden.bytes, 8)) {
      const cut = golden.bytes.slice(0, length);
      expect(await isHonest(golden, cut), `${length}`).toBe(true);
      expect(await isHonest(golden, golden.bytes.slice().fill(0, length)), `${length}, filled`).toBe(true);
    }
  },
);

it.each(kinds.filter(({ name }) => !name.startsWith('RLE')).map((golden) => [golden.name, golden] as const))(
  '%s that is cut short and ends with an end marker is refused',
  async (_, golden) => {
    const end = Uint8Array.of(0xff, 0xd9);
    for (const length of lengths(golden.bytes, 8))
      expect(await isHonest(golden, concat([golden.bytes.slice(0, length), end])), `${length}`).toBe(true);
  },
);

const message = async (golden: Golden, stream: Uint8Array): Promise<string> =>
  decodeFrame(stream, golden.syntax, golden).then(
    () => 'decoded',
    (error: Error) => error.message,
  );

it('JPEG lossless is refused where more is left than its image takes', async () => {
  for (const golden of named(/^JPEG lossless, predictor [1-7]$/)) {
    const marker = golden.bytes.length - 2;
    const longer = concat([golden.bytes.slice(0, marker), new Uint8Array(6), golden.bytes.slice(marker)]);
    expect(await message(golden, longer)).toMatch(/holds more than its image/);
  }
});

it('JPEG lossless without its marker is refused where zeros stand for its last two bytes', async () => {
  for (const golden of named(/^JPEG lossless/)) {
    const unmarked = golden.bytes.slice(0, -2);
    expect(await isHonest(golden, unmarked.fill(0, -2)), golden.name).toBe(true);
  }
});

it('a progressive JPEG is refused without its last scan', async () => {
  for (const golden of named(/^JPEG (progressive|spectral selection)$/)) {
    const scan = Buffer.from(golden.bytes).lastIndexOf('ffda', undefined, 'hex');
    const fewer = concat([golden.bytes.slice(0, scan), Uint8Array.of(0xff, 0xd9)]);
    expect(await message(golden, fewer), golden.name).toMatch(/lacks scans/);
  }
});

it('JPEG 2000 is refused without one of its tiles, or with more packets than bytes', async () => {
  const [golden] = named(/^JPEG 2000, tiles$/);
  const buffer = Buffer.from(golden!.bytes);
  const last = buffer.lastIndexOf('ff90000a', undefined, 'hex');
  const fewer = concat([golden!.bytes.slice(0, last), Uint8Array.of(0xff, 0xd9)]);
  expect(await message(golden!, fewer)).toMatch(/lacks tiles/);
  const layered = golden!.bytes.slice();
  const coding = buffer.indexOf('ff52', undefined, 'hex');
  layered.set([0xff, 0xff], coding + 6);
  expect(await message(golden!, layered)).toMatch(/ends before its image is full/);
  const tiny = golden!.bytes.slice();
  new DataView(tiny.buffer).setUint32(24, 1);
  expect(await message(golden!, tiny)).toMatch(/lacks tiles/);
});

/** Sixteen and thirty-two bits, big-endian. */
const [short, long] = [16, 32].map(
  (bits) => (value: number) =>
    Array.from({ length: bits / 8 }, (_, i) => (value >>> (bits - 8 * (i + 1))) & 255),
) as [(value: number) => number[], (value: number) => number[]];

interface Layout {
  /** Columns from `near` to `far`, in tiles of `side`; one row. */
  readonly near: number;
  readonly far: number;
  readonly side: number;
  readonly levels: number;
  /** Exponents of precincts' widths by resolution; largest where there are none. */
  readonly precincts?: readonly number[];
}

/** A JPEG 2000 codestream with heads only, filled up to its length with zeros. */
function headsOnly(
  { near, far, side, levels, precincts }: Layout,
  layers: number,
  length: number,
): Uint8Array {
  const tiles = Math.ceil(far / side);
  const sizes = [far, 1, near, 0, side, 1, 0, 0].flatMap(long);
  const coding = [precincts ? 1 : 0, 0, ...short(layers), 0, levels, 4, 4, 0, 1];
  const widths = (precincts ?? []).map((exponent) => 0xf0 + exponent);
  const parts = [
    ...[0xff, 0x4f, 0xff, 0x51, ...short(41), 0, 0, ...sizes, ...short(1), 7, 1, 1],
    ...[0xff, 0x52, ...short(2 + coding.length + widths.length), ...coding, ...widths],
    ...Array.from({ length: tiles }, (_, tile) => [
      ...[0xff, 0x90, ...short(10), ...short(tile), ...long(tile < tiles - 1 ? 14 : 0), 0, 1, 0xff, 0x93],
    ]).flat(),
  ];
  return concat([Uint8Array.from(parts), new Uint8Array(length - parts.length)]);
}

it.each<[string, Layout, number]>([
  ['each resolution has one', { near: 0, far: 100, side: 100, levels: 2 }, 3],
  [
    'a tile of one column has none where it lies between those of a resolution',
    { near: 1, far: 2, side: 2, levels: 1 },
    1,
  ],
  [
    'precincts are counted from the origin',
    { near: 20, far: 100, side: 100, levels: 1, precincts: [3, 4] },
    6 + 6,
  ],
  ['tiles have their own', { near: 0, far: 4, side: 2, levels: 1, precincts: [0, 0] }, 2 * (1 + 2)],
])('JPEG 2000 has a byte for each packet: %s', (_, layout, packets) => {
  const layers = 300;
  expect(() => checkTiles(headsOnly(layout, layers, layers * packets))).not.toThrow();
  expect(() => checkTiles(headsOnly(layout, layers, layers * packets - 1))).toThrow(/ends before its image/);
});
