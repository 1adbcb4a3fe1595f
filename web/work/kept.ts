/** @file Prepared data as they are kept in the browser: manifest, pixels, colours, masks. */
import { decodeManifest, decodeStore } from '../../src/data/storedecode.ts';
import { encodeStore } from '../../src/data/storeencode.ts';
import type { PreparedData } from '../../src/data/types.ts';
import type { RunFiles } from '../../src/train/runfiles.ts';

/** Keeps data under a name; the manifest last, for what it tells of must be there. */
export async function keepData(files: RunFiles, name: string, data: PreparedData): Promise<void> {
  const { manifest, pixels, colours, masks } = encodeStore(data);
  await files.write(`${name}.bin`, pixels);
  if (colours) await files.write(`${name}.colours.bin`, colours);
  if (masks) await files.write(`${name}.masks.bin`, masks);
  await files.write(`${name}.json`, manifest);
}

/** Data that are kept under a name; null where there are none. */
export async function keptData(files: RunFiles, name: string): Promise<PreparedData | null> {
  const [manifest, pixels] = [await files.read(`${name}.json`), await files.read(`${name}.bin`)];
  if (!manifest || !pixels) return null;
  const file = files.describe(`${name}.json`);
  const stored = decodeManifest(manifest, file);
  const further = async (key: string) => {
    const bytes = await files.read(`${name}.${key}.bin`);
    return bytes ? { bytes, file: files.describe(`${name}.${key}.bin`) } : undefined;
  };
  return decodeStore(stored, pixels, file, {
    masks: stored.version === 2 ? await further('masks') : undefined,
    colours: stored.colours ? await further('colours') : undefined,
  });
}
