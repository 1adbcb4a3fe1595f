/** @file Valid files for every reader, for the fuzz campaign to damage: those that the tests read, and the package's own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode as encodePng } from 'fast-png';
import { deflateSync, zipSync } from 'fflate';
import { concat, shortAxisPlane, writeDicom, writeElements } from '../../test/data/dicom-writer.ts';
import { jpegs } from '../../test/data/sources/jpegs.ts';
import { dsbccSubject } from '../../test/data/studies.ts';
import type { Task } from './fuzzChild.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

interface Stream {
  readonly name: string;
  readonly syntax: string;
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: number;
  readonly stream: string;
}

const u32 = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);

/** A DICOM file without pixels, and behind it these as PixelData in one fragment. */
export function inFragment(head: Uint8Array, stream: Uint8Array): Uint8Array {
  const even = concat([stream, new Uint8Array(stream.length % 2)]);
  return concat([
    ...[head, Uint8Array.of(0xe0, 0x7f, 0x10, 0, 0x4f, 0x42, 0, 0), u32(0xffffffff)],
    ...[u32(0xe000fffe, 0, 0xe000fffe, even.length), even, u32(0xe0ddfffe, 0)],
  ]);
}

/** A DICOM file of one image with this stream as its pixels, in one fragment. */
export function encapsulated(
  { rows, columns, bitsAllocated, syntax }: Omit<Stream, 'name' | 'stream'>,
  stream: Uint8Array,
): Uint8Array {
  const plane = { ...shortAxisPlane(0), rows, columns };
  const bits = { '00280100': ['US', bitsAllocated], '00280101': ['US', bitsAllocated] } as const;
  const override = { ...bits, '7fe00010': null };
  return inFragment(writeDicom({ plane, pixels: new Int16Array(), override }, syntax), stream);
}

/** A DICOM file of one image whose data set is deflated. */
export function deflatedDicom(): Uint8Array {
  const plain = writeDicom({ plane: shortAxisPlane(0) }, '1.2.840.10008.1.2.1.99');
  const start = 132 + 12 + writeElements({ '00020010': ['UI', '1.2.840.10008.1.2.1.99'] }).length;
  return concat([plain.subarray(0, start), deflateSync(plain.subarray(start))]);
}

const dicoms = (goldens: string): Task[] => {
  const { decoded } = JSON.parse(readFileSync(join(goldens, 'codecs.json'), 'utf8')) as { decoded: Stream[] };
  const plain = writeDicom({ plane: shortAxisPlane(0) });
  const files = [plain, deflatedDicom(), ...decoded.map((one) => encapsulated(one, decode64(one.stream)))];
  return files.map((bytes) => ({ reader: 'dicom', name: 'image.dcm', bytes }));
};

const niftis = (goldens: string): Task[] => {
  const { niftis: found } = JSON.parse(readFileSync(join(goldens, 'data.json'), 'utf8')) as {
    niftis: { nifti: string }[];
  };
  return found.map(({ nifti }) => ({ reader: 'nifti', name: 'volume.nii', bytes: decode64(nifti) }));
};

function npy(): Uint8Array {
  const text = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 4), }".padEnd(117);
  return concat([Uint8Array.of(0x93), encode('NUMPY\x01\0v\0'), encode(`${text}\n`), new Uint8Array(24)]);
}

/** Frames in colour. */
function frames(): Task[] {
  const data = Uint8Array.from({ length: 8 * 4 * 3 }, (_, i) => (i * 37) % 256);
  const png = encodePng({ width: 8, height: 4, channels: 3, depth: 8, data });
  return [png, jpegs.baseline, jpegs.progressive].map((bytes) => ({ reader: 'frame', name: 'frame', bytes }));
}

const manifest = {
  ...{ format: 'planewise-prepared', version: 2, size: 8, spacingMm: 2, targetView: 'short-axis' },
  ...{ referenceViews: ['4-chamber'], classes: ['background', 'a'], dtype: 'f32', skipped: [] },
  groups: { a: 'NOR' },
  ...{ checksum: 1, masksChecksum: 2 },
  images: [
    {
      ...{ subject: 'a', file: 'a.dcm', view: 'short-axis', frame: 0, slice: 0, location: 0.5 },
      lines: [[1, 0, -3]],
      plane: { ...shortAxisPlane(0), rows: 8, columns: 8 },
    },
  ],
};

const experiment = {
  ...{ name: 'trial', base: { preset: 'finetune', data: 'folder' } },
  initialisations: { scratch: null, made: { pretraining: { tasks: ['location'] }, transfer: {} } },
  ...{ subjects: { test: ['a'], same: {} }, labelled: [5, 'all'], steps: [10], seeds: [1] },
};

const config = {
  ...{ preset: 'small', data: 'folder', batch: 4, map: ['sax*=short-axis'], rates: { encoder: 0.5 } },
  ...{ tasks: { location: { weight: 2, hidden: 16 }, orientation: {} }, model: { name: 'unet', width: 8 } },
};

const texts: readonly [Task['reader'], string, unknown][] = [
  ['manifest', 'manifest.json', manifest],
  ['config', 'config.json', config],
  ['experiment', 'experiment.json', experiment],
  ['info', 'Info.cfg', 'ED: 1\r\nES: 12\r\nGroup: DCM\r\nHeight: 184.0\r\nNbFrame: 30\r\nWeight: 95.0\r\n'],
  ['labels', 'train-acl.csv', '0000,1\n0001,0\n0002,1\n'],
];

/** What is read beside a damaged file: a whole subject. */
async function study(): Promise<Task[]> {
  const files = await Promise.all(
    dsbccSubject('a').map(async ({ path, read }) => [path, await read()] as const),
  );
  return files.map(([name, bytes]) => {
    return {
      reader: 'study',
      name,
      bytes,
      beside: Object.fromEntries(files.filter(([other]) => other !== name)),
    };
  });
}

/** @param root of the checkout */
export async function seedsOf(root: string): Promise<Task[]> {
  const goldens = join(root, 'test', 'goldens');
  const [images, subject] = [dicoms(goldens), await study()];
  const weights = ['unet/final.safetensors', 'exchange/unet.npz', 'exchange/packed.npz'].map((path) =>
    join(goldens, path),
  );
  const zip = zipSync({ 'a.dcm': images[0]!.bytes, 'b/c.dcm': images[2]!.bytes });
  return [
    ...[...images, ...niftis(goldens), ...subject, ...frames()],
    ...[join(root, 'builtin', 'weights.safetensors'), ...weights].map((path): Task => {
      return {
        reader: 'weights',
        name: path.slice(path.lastIndexOf('/') + 1),
        bytes: new Uint8Array(readFileSync(path)),
      };
    }),
    { reader: 'zip', name: 'study.zip', bytes: zip },
    { reader: 'npy', name: 'train/axial/0000.npy', bytes: npy() },
    ...texts.map(([reader, name, value]): Task => {
      return { reader, name, bytes: encode(typeof value === 'string' ? value : JSON.stringify(value)) };
    }),
  ];
}
