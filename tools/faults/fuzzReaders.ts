/** @file Every reader of a file that a user may give, for the fuzz campaign: bytes go in, a value or an error comes out. */
import { parseJson } from '../../src/base/json.ts';
import { openImages } from '../../src/data/dicom/pixels.ts';
import { decodeText } from '../../src/data/files/text.ts';
import { blobAccess, listZip } from '../../src/data/files/zip.ts';
import { decodeManifest, openFiles, parseAcdcInfo, readNifti, scanFiles } from '../../src/data/index.ts';
import { readFrame } from '../../src/data/sources/frames/decode.ts';
import { parseCaseLabels } from '../../src/data/sources/mrnet/labels.ts';
import { readSlices } from '../../src/data/sources/mrnet/series.ts';
import type { FileSource } from '../../src/data/types.ts';
import { expectFit } from '../../src/models/state.ts';
import { parseGiven, resolveConfig } from '../../src/run/config.ts';
import { readDescribed } from '../../src/run/exchange.ts';
import { readExperiment } from '../../src/run/experiment/file.ts';
import { shapesOf } from '../../src/train/network.ts';

/** Reads a file as the program does, whatever it is. @param beside files of its folder */
type Reader = (bytes: Uint8Array, name: string, beside: readonly FileSource[]) => unknown;

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const sourceOf = (path: string, bytes: Uint8Array): FileSource => ({
  path,
  read: async () => bytes.slice(),
  start: async (length) => ({ bytes: bytes.slice(0, length), size: bytes.length }),
});

async function readImages(bytes: Uint8Array, name: string): Promise<number> {
  const { headers, pixels } = openImages(bytes, name);
  for (const frame of headers.keys()) await pixels(frame);
  return headers.length;
}

async function readZip(bytes: Uint8Array, name: string): Promise<number> {
  const files = await listZip(name, blobAccess(name, new Blob([bytes.slice()])), '');
  return (await scanFiles(files)).images.length;
}

/** A folder in which one file is odd: the others must be read all the same. */
async function readStudy(bytes: Uint8Array, name: string, beside: readonly FileSource[]): Promise<number> {
  const { data } = await openFiles([sourceOf(name, bytes), ...beside], { size: 32, spacingMm: 5 });
  return data.manifest.images.length;
}

export const readers = {
  dicom: readImages,
  nifti: (bytes, name) => readNifti(bytes, name).dims,
  frame: async (bytes, name) => (await readFrame(bytes, name)).rgb.length,
  npy: (bytes, name) => readSlices(bytes, name).count,
  async weights(bytes, name) {
    const { state, plan } = await readDescribed(bytes, name);
    expectFit(state, shapesOf(plan), name);
  },
  zip: readZip,
  manifest: (bytes, name) => decodeManifest(bytes, name).images.length,
  config: (bytes, name) => resolveConfig(parseGiven(parseJson(text(bytes), name), name)),
  experiment: (bytes, name) => readExperiment(text(bytes), name).name,
  info: (bytes, name) => parseAcdcInfo(decodeText(bytes), name),
  labels: (bytes) => parseCaseLabels(decodeText(bytes)).values.size,
  study: readStudy,
} satisfies Readonly<Record<string, Reader>>;

export type ReaderName = keyof typeof readers;
