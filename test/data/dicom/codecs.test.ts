import { expect, it } from 'vitest';
import { type DecodedFrame, decodeFrame, type FrameShape } from '../../../src/data/dicom/codecs.ts';
import goldens from '../../goldens/codecs.json' with { type: 'json' };
import { concat } from '../dicom-writer.ts';

const uid = (tail: string): string => `1.2.840.10008.1.2.${tail}`;
const jpegFamily = ['50', '51', '57', '70', '80', '81', '90', '91', '201'].map((tail) => uid(`4.${tail}`));
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

const cases = goldens.decoded.map(({ stream, values, ...rest }) => ({
  ...rest,
  stream: bytesOf(stream),
  expected: samplesOf(bytesOf(values), rest.bitsAllocated / 8),
}));
type Golden = (typeof cases)[number];
const named = (name: string): Golden => cases.find((golden) => golden.name === name)!;
const isRle = ({ name }: Golden): boolean => name.startsWith('RLE');

function samplesOf(bytes: Uint8Array, bytesPerSample: number): number[] {
  const { buffer } = bytes.slice();
  if (bytesPerSample === 1) return [...bytes];
  return bytesPerSample === 2 ? [...new Uint16Array(buffer)] : [...new Uint32Array(buffer)];
}

async function decoded(golden: Golden, stream = golden.stream, syntax = golden.syntax): Promise<number[]> {
  const frame = await decodeFrame(stream, syntax, golden);
  return samplesOf(frame.bytes, frame.bytesPerSample);
}

/** Largest difference of decoded samples to those of the golden. */
const error = (samples: number[], { expected }: Golden): number =>
  samples.length === expected.length
    ? samples.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!)), 0)
    : Number.POSITIVE_INFINITY;

const isSame = async (golden: Golden, stream: Uint8Array, syntax?: string): Promise<boolean> =>
  error(await decoded(golden, stream, syntax), golden) <= golden.tolerance;

async function refusal(
  stream: Uint8Array,
  shape: FrameShape,
  syntax = uid('4.70'),
): Promise<string | undefined> {
  try {
    await decodeFrame(stream, syntax, shape);
    return undefined;
  } catch (problem) {
    expect(problem).toBeInstanceOf(Error);
    expect((problem as Error).constructor).toBe(Error);
    return (problem as Error).message;
  }
}

it.each(cases.map((golden) => [golden.name, golden.by, golden] as const))(
  '%s has the samples that %s has',
  async (_, __, golden) => {
    const { rows, columns, bitsAllocated, tolerance, precision, signed } = golden;
    const frame: DecodedFrame = await decodeFrame(golden.stream, golden.syntax, golden);
    expect(frame.bytesPerSample).toBe(bitsAllocated / 8);
    expect(error(samplesOf(frame.bytes, frame.bytesPerSample), golden)).toBeLessThanOrEqual(tolerance);
    expect(frame.precision ?? null).toBe(precision);
    expect(frame.signed).toBe(signed);
    expect(frame.size).toEqual(isRle(golden) ? undefined : { rows, columns });
  },
);

it('the stream decides what it is, whatever the transfer syntax says', async () => {
  for (const golden of cases)
    for (const syntax of [...jpegFamily, uid('5'), uid('1'), ''])
      expect(await isSame(golden, golden.stream, syntax), `${golden.name} as ${syntax}`).toBe(true);
});

it('what follows the image does not count', async () => {
  for (const golden of cases.filter((golden) => !isRle(golden)))
    for (const tail of [[0], Array(16).fill(0), [1, 2, 3, 255, 216, 9], [...golden.stream]])
      expect(await isSame(golden, concat([golden.stream, Uint8Array.from(tail)])), golden.name).toBe(true);
});

it('fill bytes before markers, application segments and comments are passed over', async () => {
  const between = [255, 255, 255, 0xe5, 0, 4, 255, 216, 255, 0xfe, 0, 5, 1, 255, 0xd9];
  for (const golden of cases.filter(({ stream }) => stream[1] === 0xd8)) {
    const rest = golden.stream.subarray(2);
    const filled = concat([Uint8Array.from([255, 255, 255, 216, ...between]), rest]);
    expect(await isSame(golden, filled), golden.name).toBe(true);
  }
});

/** The stream up to its end marker. */
const unended = (stream: Uint8Array): Uint8Array =>
  stream.subarray(0, Buffer.from(stream).lastIndexOf('ffd9', undefined, 'hex'));
const mayLackEnd = ({ name }: Golden): boolean => !/RLE|JPEG-LS|progressive|spectral|arithmetic/.test(name);

it('a missing end marker, or half of one, is no loss where the image is whole without it', async () => {
  for (const golden of cases.filter(mayLackEnd))
    for (const tail of [[], [255], [255, 255]])
      expect(await isSame(golden, concat([unended(golden.stream), Uint8Array.from(tail)])), golden.name).toBe(
        true,
      );
});

it('a stream without end marker may be padded', async () => {
  for (const name of [
    'JPEG lossless 8 bit',
    'JPEG baseline',
    'JPEG baseline, odd size',
    'JPEG 2000, tiles',
  ]) {
    const golden = named(name);
    expect(await isSame(golden, concat([unended(golden.stream), new Uint8Array(1)])), name).toBe(true);
  }
});

it('a stream that is cut short is refused, with an end marker or without', async () => {
  for (const golden of cases.filter((golden) => !isRle(golden))) {
    const data = unended(golden.stream);
    const lengths = [0.3, 0.6, 0.9].map((part) => Math.floor(part * data.length));
    for (const length of [0, 1, 2, 20, ...lengths, data.length - 4, data.length - 3]) {
      const cut = data.subarray(0, length);
      expect(await refusal(cut, golden), `${golden.name}, ${length}`).toBeDefined();
      // Arithmetic coding goes on past its end with zeros, as it should.
      if (golden.name.includes('arithmetic')) continue;
      expect(
        await refusal(concat([cut, Uint8Array.of(255, 0xd9)]), golden),
        `${golden.name}, ${length}`,
      ).toBeDefined();
    }
  }
});

it('JPEG-LS and progressive streams without end marker are refused: they may lack more', async () => {
  for (const golden of cases.filter(({ name }) => /JPEG-LS|progressive|spectral|arithmetic/.test(name)))
    expect(await refusal(unended(golden.stream), golden), golden.name).toMatch(/cut short/);
});

it('a kind of stream that has no decoder is refused by its name', async () => {
  const shape = { rows: 18, columns: 22, bitsAllocated: 16 };
  const wanted = {
    'extended 12 bit': /JPEG Extended of 12 bits.*decompress it with dcmdjpeg/,
    'progressive 12 bit': /JPEG Progressive of 12 bits.*decompress it with dcmdjpeg/,
    'lossless arithmetic': /JPEG Lossless with arithmetic coding/,
    'height at the end': /does not say how large/,
    'restarts within rows': /restarts within rows/,
  };
  expect(Object.keys(goldens.refused)).toEqual(Object.keys(wanted));
  for (const [name, stream] of Object.entries(goldens.refused))
    expect(await refusal(bytesOf(stream), shape)).toMatch(wanted[name as keyof typeof wanted]);
  const hierarchical = named('JPEG baseline').stream.slice();
  hierarchical[hierarchical.findIndex((byte, i) => byte === 0xff && hierarchical[i + 1] === 0xc0) + 1] = 0xc5;
  expect(await refusal(hierarchical, shape)).toMatch(/hierarchical JPEG/);
  const file = Uint8Array.of(0, 0, 0, 12, 0x4a, 0x58, 0x4c, 0x20, 13, 10);
  for (const stream of [file, Uint8Array.of(0xff, 0x0a, 1, 2)])
    expect(await refusal(stream, shape, uid('4.110'))).toMatch(/JPEG XL/);
});

it('bytes that begin like no stream are refused as such, videos for want of a decoder', async () => {
  const shape = { rows: 2, columns: 2, bitsAllocated: 16 };
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
  for (const syntax of [...jpegFamily, uid('4.92'), '1.2.3'])
    expect(await refusal(bytes, shape, syntax)).toMatch(/begins like none of JPEG/);
  for (const tail of ['4.94', '4.100', '4.103', '4.107', '4.111', '4.204', '7.1'])
    expect(await refusal(bytes, shape, uid(tail))).toMatch(/no decoder/);
  expect(await refusal(new Uint8Array(), shape)).toMatch(/empty/);
});

/** The stream with one byte changed, `offset` behind the first of these two. */
function patched(
  { stream }: Golden,
  [first, second]: readonly [number, number],
  offset: number,
  value: number,
) {
  const changed = stream.slice();
  changed[stream.findIndex((byte, i) => byte === first && stream[i + 1] === second) + offset] = value;
  return changed;
}

it('colour is refused, and so are samples too deep, thinned out or indices of a palette', async () => {
  for (const [name, marker] of [
    ['JPEG baseline', 0xc0],
    ['JPEG lossless 8 bit', 0xc3],
    ['JPEG-LS 8 bit', 0xf7],
  ] as const)
    expect(await refusal(patched(named(name), [0xff, marker], 9, 3), named(name))).toMatch(
      /3 colour components/,
    );
  const j2k = named('JPEG 2000, tiles');
  expect(await refusal(patched(j2k, [0xff, 0x51], 39, 3), j2k)).toMatch(/3 colour components/);
  expect(await refusal(patched(j2k, [0xff, 0x51], 40, 19), j2k)).toMatch(/20 bits a sample/);
  expect(await refusal(patched(j2k, [0xff, 0x51], 41, 2), j2k)).toMatch(/every other sample/);
  const jp2 = named('JPEG 2000, JP2 file');
  const palette = jp2.stream.slice();
  palette.set([0x70, 0x63, 0x6c, 0x72], Buffer.from(jp2.stream).indexOf('colr'));
  expect(await refusal(palette, jp2)).toMatch(/palette/);
});

it('an image of another size than the header says is told of and not decoded', async () => {
  for (const golden of cases.filter((golden) => !isRle(golden))) {
    const { rows, columns } = golden;
    const frame = await decodeFrame(golden.stream, golden.syntax, { ...golden, rows: rows + 1 });
    expect(frame.size).toEqual({ rows, columns });
    expect(frame.bytes).toHaveLength(0);
  }
});

it('samples of 8 bits in an image of 16 allocated stay bytes', async () => {
  const golden = named('JPEG lossless 8 bit');
  const frame = await decodeFrame(golden.stream, golden.syntax, { ...golden, bitsAllocated: 16 });
  expect(frame).toMatchObject({ bytesPerSample: 1, precision: 8 });
});

it('damage anywhere gives samples or an Error that says what is wrong, and decoding goes on', async () => {
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let i = 0; i < 400; i++) {
    const golden = cases[i % cases.length]!;
    const damaged = golden.stream.slice();
    for (let flips = random(3); flips >= 0; flips--)
      damaged[random(i % 2 ? 100 : damaged.length) % damaged.length] = random(256);
    const message = await refusal(damaged, golden, golden.syntax);
    if (message !== undefined) expect(message).toMatch(/^[a-zA-Z]/);
  }
  for (const golden of cases) expect(await isSame(golden, golden.stream), golden.name).toBe(true);
});
