/** @file State dicts as NumPy's .npz: a zip archive of .npy arrays, each under its weight's name. */
import { zipSync } from 'fflate';
import { FileError } from '../base/errors.ts';
import { mostUnpacked } from '../data/files/unpack.ts';
import { type RandomAccess, readZipEntry, type ZipEntry, zipEntries } from '../data/files/zipentry.ts';
import type { StateDict, Weight } from '../models/state.ts';
import { decodeNpy, encodeNpy } from './npy.ts';

/** As numpy has it, so that equal weights give equal bytes. */
const DATE = new Date(1980, 0, 1);
const ENDING = '.npy';

/** What a zip archive begins with, an empty one too. */
export const isZipped = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b;

const accessOf = (bytes: Uint8Array): RandomAccess => ({
  size: bytes.length,
  read: async (at, length) => bytes.slice(at, at + length),
});

/** Throws FileError for an entry that is no array, or cannot be read as one. */
function expectArray({ name, encrypted, method }: ZipEntry, file: string): void {
  const path = `${file}/${name}`;
  if (/(^|\/)data\.pkl$/.test(name))
    throw new FileError(
      file,
      'is a pickle of PyTorch, which could run code',
      'In Python: safetensors.torch.save_file(torch.load(path), "weights.safetensors"), or numpy.savez of its arrays.',
    );
  if (!name.endsWith(ENDING))
    throw new FileError(path, 'is no .npy array', 'An .npz holds such arrays only.');
  if (encrypted || (method !== 0 && method !== 8))
    throw new FileError(path, 'is encrypted, or packed in a way that numpy does not use', 'Use numpy.savez.');
}

/**
 * Every array of an .npz by its name, without `.npy`.
 * @param file what errors call the archive; its entries are named behind it
 * @throws FileError for a broken archive, an entry that is no array of numbers, and a name that is there twice
 */
export async function decodeNpz(bytes: Uint8Array, file: string): Promise<StateDict> {
  const access = accessOf(bytes);
  const state = new Map<string, Weight>();
  const entries = await zipEntries(file, access);
  const claimed = entries.reduce((sum, { size }) => sum + size, 0);
  if (claimed > mostUnpacked(bytes.length))
    throw new FileError(
      file,
      `claims arrays of ${claimed} bytes in ${bytes.length}`,
      'Write it with numpy.savez.',
    );
  for (const entry of entries) {
    expectArray(entry, file);
    const path = `${file}/${entry.name}`;
    const name = entry.name.slice(0, -ENDING.length);
    if (state.has(name)) throw new FileError(path, 'is there twice', 'Write the archive again.');
    state.set(name, decodeNpy(await readZipEntry(access, entry, path), path));
  }
  return state;
}

/** The bytes of an .npz, stored as `numpy.savez` does; the same state gives the same bytes. */
export function encodeNpz(state: StateDict): Uint8Array {
  const entries = [...state].map(([name, weight]) => [name + ENDING, encodeNpy(weight)] as const);
  return zipSync(Object.fromEntries(entries), { level: 0, mtime: DATE });
}
