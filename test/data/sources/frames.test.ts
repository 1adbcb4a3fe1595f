/** @file Frames in colour: PNG and JPEG as lightness and colour on the grid, what is skipped with its reason, and the store. */
import { encode, type ImageData } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { ConfigError, FileError } from '../../../src/base/errors.ts';
import { labOf } from '../../../src/data/colours.ts';
import { samplesOf } from '../../../src/data/sample.ts';
import { type OpenOptions, openFiles } from '../../../src/data/sources/open.ts';
import { decodeManifest, decodeStore } from '../../../src/data/storedecode.ts';
import { encodeStore } from '../../../src/data/storeencode.ts';
import type { FileSource } from '../../../src/data/types.ts';
import { memoryFile } from '../dicom-writer.ts';
import { jpegs } from './jpegs.ts';

const jpeg = (path: string, kind: keyof typeof jpegs): FileSource => memoryFile(path, jpegs[kind]);

/** Of one colour, but for its first pixel, which is white. */
function png(
  path: string,
  colour: readonly number[] = [200, 60, 40],
  own: Partial<ImageData> = {},
): FileSource {
  const { width = 8, height = 8 } = own;
  const channels = colour.length;
  const data = Uint8Array.from({ length: width * height * channels }, (_, i) =>
    i < channels ? 255 : colour[i % channels]!,
  );
  return memoryFile(path, encode({ width, height, data, channels, depth: 8, ...own }));
}

const open = (files: readonly FileSource[], options: OpenOptions = {}) =>
  openFiles(files, { size: 8, spacingMm: 1, ...options });

const reasonsOf = ({ data }: Awaited<ReturnType<typeof open>>) =>
  data.manifest.skipped.map(({ reason }) => reason.message);

describe('frames in colour', () => {
  it('are a subject a folder in the order of their numbers, lightness z-scored and colour as it is', async () => {
    const files = ['v/b/frame2.png', 'v/b/frame10.PNG', 'v/a/1.png'].map((path) => png(path));
    const { data, notices, source, ignored } = await open([
      ...files,
      memoryFile('v/notes.txt', Uint8Array.of(1)),
    ]);
    expect(source).toBe('frames');
    expect(ignored).toEqual(['v/notes.txt']);
    expect(notices.map(({ code }) => code)).toEqual(['NO_GEOMETRY']);
    expect(data.manifest.images.map(({ subject, file, frame }) => [subject, file, frame])).toEqual([
      ['v/a', 'v/a/1.png', 0],
      ['v/b', 'v/b/frame2.png', 0],
      ['v/b', 'v/b/frame10.PNG', 1],
    ]);
    const [sample] = samplesOf(data);
    const { a, b } = labOf(Uint8Array.of(200, 60, 40));
    // as large as the grid: pixels as they are
    expect([...sample!.colours()!.subarray(-2)]).toEqual([a[0], b[0]]);
    expect([...sample!.colours()!.subarray(0, 2)]).toEqual([expect.closeTo(0, 4), expect.closeTo(0, 4)]);
    const sum = sample!.pixels().reduce((all, v) => all + v, 0);
    expect(sum).toBeCloseTo(0, 4);
    expect(sample!.pixels()[0]).toBeGreaterThan(sample!.pixels()[1]!);
  });

  it('of another shape fill the grid with their longer side; JPEG of both kinds is as PNG to a few bytes', async () => {
    const { data } = await open([jpeg('a/1.jpg', 'baseline'), jpeg('b/1.jpeg', 'progressive')]);
    expect(data.manifest.skipped).toEqual([]);
    for (const sample of samplesOf(data)) {
      const colours = sample.colours()!;
      for (const [x, rgb] of [
        [0, [200, 60, 40]],
        [7, [30, 90, 180]],
      ] as const) {
        const { a, b } = labOf(Uint8Array.from(rgb));
        const at = 2 * (4 * 8 + x);
        expect(Math.abs(colours[at]! - a[0]!)).toBeLessThan(1.5);
        expect(Math.abs(colours[at + 1]! - b[0]!)).toBeLessThan(1.5);
      }
      // above and below the frame
      expect([...colours.subarray(0, 16)]).toEqual(new Array(16).fill(0));
    }
  });

  it('come with a palette or an opaque alpha channel, too', async () => {
    const indexed = encode({
      ...{
        width: 8,
        height: 8,
        depth: 8,
        channels: 1,
        palette: [
          [200, 60, 40],
          [255, 255, 255],
        ],
      },
      data: Uint8Array.from({ length: 64 }, (_, i) => Number(i === 0)),
    });
    const { data } = await open([
      memoryFile('a/1.png', indexed),
      png('b/1.png', [200, 60, 40, 255]),
      png('c/1.png'),
    ]);
    const [one, two, three] = samplesOf(data).map((sample) => [...sample.pixels(), ...sample.colours()!]);
    expect(one).toEqual(three);
    expect(two).toEqual(three);
  });

  it('that say no colour, or more than can be read, are skipped, and it is said what to do', async () => {
    const good = png('v/0.png');
    const whole = await good.read();
    const damaged = whole.slice();
    damaged[whole.length - 20]! ^= 1;
    const refused = {
      '16 bits': png('v/1.png', [1, 2, 3], { depth: 16, data: new Uint16Array(192) }),
      'alpha channel': png('v/2.png', [200, 60, 40, 128]),
      'is grey': png('v/3.png', [90]),
      'is grey,': png('v/4.png', [90, 90, 90]),
      'no PNG that can be read': memoryFile('v/5.png', damaged),
      'ends within': memoryFile('v/6.png', whole.slice(0, 20)),
      'neither PNG nor JPEG': memoryFile('v/7.png', Uint8Array.of(1, 2, 3)),
      'no JPEG frame that can be read: it is grey': jpeg('v/8.jpg', 'grey'),
      'has 4 colour components': jpeg('v/9.jpg', 'print'),
      'is 4 × 8 px, but most frames of its folder are 8 × 8 px': png('v/10.png', undefined, { width: 4 }),
    };
    const opened = await open([good, png('v/11.png'), ...Object.values(refused)]);
    expect(opened.data.manifest.images.map(({ file }) => file)).toEqual(['v/0.png', 'v/11.png']);
    const reasons = reasonsOf(opened);
    expect(reasons).toHaveLength(10);
    for (const [why, { path }] of Object.entries(refused)) {
      const own = reasons.find((text) => text.startsWith(`${path}:`));
      expect(own, path).toContain(why);
      expect(own).toMatch(/\. (Write|Give|Copy|Put) [^.]+\.$/);
    }
    await expect(open([refused['is grey']])).rejects.toThrow(ConfigError);
    await expect(open([refused['is grey']])).rejects.toThrow(/No colour frame can be used/);
    await expect(open([good], { targetView: 'sax' })).rejects.toThrow(/a target view .* means nothing/);
  });

  it('of a JPEG that is cut short anywhere are skipped, never decoded in part', async () => {
    for (const kind of ['baseline', 'progressive'] as const) {
      const bytes = await jpeg('v/1.jpg', kind).read();
      for (let length = 2; length < bytes.length - 12; length += 29) {
        const cut = memoryFile('v/1.jpg', bytes.slice(0, length));
        const opened = await open([png('v/0.png', undefined, { width: 16 }), cut]);
        expect(reasonsOf(opened), `${kind} ${length}`).toEqual([expect.stringMatching(/^v\/1.jpg: /)]);
      }
    }
  });

  it('are stored and read back with their colours, in both precisions; a store without them is refused', async () => {
    for (const dtype of ['f32', 'f16'] as const) {
      const { data } = await open([png('a/1.png'), png('b/1.png', [10, 20, 200])], { dtype });
      const { manifest, pixels, colours } = encodeStore(data);
      const stored = decodeManifest(manifest, 'm');
      expect(stored).toMatchObject({ version: 1, colours: 'CIELAB' });
      const file = { bytes: colours!, file: 'c' };
      const back = decodeStore(stored, pixels, 'p', { colours: file });
      expect(back.colours).toEqual(data.colours);
      expect(back.pixels).toEqual(data.pixels);
      expect(() => decodeStore(stored, pixels, 'p')).toThrow(/colours\.f\d\d\.bin: is missing/);
      const short = { ...file, bytes: file.bytes.slice(4) };
      expect(() => decodeStore(stored, pixels, 'p', { colours: short })).toThrow(FileError);
      expect(() => encodeStore({ ...data, colours: new Float32Array(3) })).toThrow(/3 values for 128 pixels/);
    }
  });
});
