/** @file Prepared stores as one, in the memory of one piece. */
import { lockFolder, whileLocked } from '../data/files/lock.node.ts';
import { Joining } from '../data/joining.ts';
import { expectStoreFolder } from '../data/store.node.ts';
import { StoreWriter } from '../data/storewriter.node.ts';
import { streamStore } from '../data/streamed.node.ts';
import type { PreparedManifest } from '../data/types.ts';

/** What became of stores that were joined. */
export interface JoinedStore {
  /** Without its images. */
  readonly manifest: PreparedManifest;
  readonly images: number;
  readonly subjects: number;
}

/**
 * Writes the images of several stores into one, in their order. The stores are only read.
 * @param onStore told of each that is in
 * @throws ConfigError where they are not alike, or two have a subject of one name; FileError where one is damaged or the
 * new one cannot be written
 */
export async function joinStores(
  stores: readonly string[],
  out: string,
  onStore?: (done: number) => void,
): Promise<JoinedStore> {
  for (const store of stores) await expectStoreFolder(out, store);
  return whileLocked(await lockFolder(out), async (lock) => {
    // all are looked at before anything is written
    const joining = new Joining();
    for (const store of stores) joining.add(await streamStore(store), store);
    const manifest = joining.manifest();
    const { size, dtype, classes, colours } = manifest;
    const kind = { size, dtype, masks: classes !== undefined, colours: colours !== undefined };
    const writer = await StoreWriter.begin(out, kind);
    try {
      for (const [i, store] of stores.entries()) {
        await writer.add(await streamStore(store));
        onStore?.(i + 1);
      }
      await lock.check();
    } catch (error) {
      await writer.drop();
      throw error;
    }
    await writer.finish(manifest);
    return { manifest, images: writer.images, subjects: joining.subjects };
  });
}
