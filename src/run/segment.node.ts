/** @file Segments a folder of volumes in Node: weights of a run or a file, an adapter, volume after volume. */
import { isAbsolute, relative, resolve } from 'node:path';
import { ConfigError } from '../base/errors.ts';
import { listFiles, readBytes } from '../data/files/files.node.ts';
import { skippedText } from '../data/scan.ts';
import { type FoundVolumes, findVolumes } from '../data/sources/acdc/find.ts';
import { openDevice } from '../tensor/device.node.ts';
import type { RunConfig } from './config.ts';
import { Segmenter, type SegmentOptions } from './segmenter.ts';
import { loadTrained } from './trained.ts';
import { weightsIn } from './weights.node.ts';

/** Whether a path of `folder` lies in `inner`. */
function liesIn(folder: string, path: string, inner: string): boolean {
  const way = relative(inner, resolve(folder, path));
  return !isAbsolute(way) && !way.startsWith('..');
}

/** The volumes of a folder. @param except a folder that may lie in it, whose files are none of the data's */
export async function openVolumes(folder: string, except?: string): Promise<FoundVolumes> {
  const files = await listFiles(folder);
  const own =
    except === undefined ? files : files.filter(({ path }) => !liesIn(folder, path, resolve(except)));
  const found = await findVolumes(own);
  if (found.volumes.length > 0) return found;
  const listed = found.skipped.map((file) => `\n  ${skippedText(file)}`).join('');
  throw new ConfigError(
    `${folder} holds no image volumes (.nii or .nii.gz) to segment. Point to a folder of such files.${listed}`,
  );
}

export interface SegmenterOptions extends SegmentOptions {
  readonly adapter?: RunConfig['adapter'];
  readonly say: (line: string) => void;
}

/** Opens a device, loads weights, and closes both when `use` is done. @throws FileError for weights that segment nothing */
export async function withSegmenter<T>(
  weights: string,
  { adapter, say, ...options }: SegmenterOptions,
  use: (segmenter: Segmenter) => Promise<T>,
): Promise<T> {
  const file = weightsIn(weights);
  const bytes = await readBytes(file);
  const device = await openDevice(adapter ? { adapter } : {});
  try {
    say(`Adapter: ${device.caps.description}`);
    const trained = await loadTrained(device, bytes, file);
    try {
      return await use(new Segmenter(trained, file, options));
    } finally {
      trained.network.dispose();
    }
  } finally {
    device.dispose();
  }
}
