/** @file Prepared data as they are kept in the browser: manifest, pixels, masks. */
import { decodeManifest, decodeStore, encodeStore } from '../../src/data/store.ts';
import type { PreparedData } from '../../src/data/types.ts';
import type { RunFiles } from '../../src/train/runfiles.ts';

/** Keeps data under a name; the manifest last, for what it tells of must be there. */
export async function keepData(files: RunFiles, name: string, data: PreparedData): Promise<void> {
  const { manifest, pixels, masks } = encodeStore(data);
  await files.write(`${name}.bin`, pixels);
  if (masks) await files.write(`${name}.masks.bin`, masks);
  await files.write(`${name}.json`, manifest);
}

/** Data that are kept under a name; null where there are none. */
export async function keptData(files: RunFiles, name: string): Promise<PreparedData | null> {
  const [manifest, pixels] = [await files.read(`${name}.json`), await files.read(`${name}.bin`)];
  if (!manifest || !pixels) return null;
  const file = files.describe(`${name}.json`);
  const stored = decodeManifest(manifest, file);
  const masks = stored.version === 2 ? await files.read(`${name}.masks.bin`) : null;
  const masksFile = files.describe(`${name}.masks.bin`);
  return decodeStore(stored, pixels, file, ...(masks ? [{ bytes: masks, file: masksFile }] : []));
}
