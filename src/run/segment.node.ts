/** @file Segments a folder of volumes in Node: weights of a run or a file, an adapter, volume after volume. */
import { isAbsolute, relative, resolve } from 'node:path';
import { ConfigError } from '../base/errors.ts';
import { plural } from '../base/words.ts';
import { listFiles } from '../data/files/files.node.ts';
import { type Scan, scanFiles, skippedText } from '../data/scan.ts';
import { type FoundVolumes, findVolumes } from '../data/sources/acdc/find.ts';
import type { FileSource } from '../data/types.ts';
import { Segmenter, type SegmentOptions } from './segmenter.ts';
import { type OpenTrained, withTrained } from './trained.node.ts';

/** Whether a path of `folder` lies in `inner`. */
function liesIn(folder: string, path: string, inner: string): boolean {
  const way = relative(inner, resolve(folder, path));
  return !isAbsolute(way) && !way.startsWith('..');
}

/** Files of a folder. @param except a folder that may lie in it, whose files are none of the data's */
async function filesOf(folder: string, except?: string): Promise<FileSource[]> {
  const files = await listFiles(folder);
  return except === undefined ? files : files.filter(({ path }) => !liesIn(folder, path, resolve(except)));
}

/** The DICOM images of a folder. @param except as in openVolumes */
export async function openScan(folder: string, except?: string): Promise<Scan> {
  const scan = await scanFiles(await filesOf(folder, except));
  if (scan.images.length > 0) return scan;
  const listed = scan.skipped.map((file) => `\n  ${skippedText(file)}`).join('');
  throw new ConfigError(
    `${folder} holds no DICOM images, and a DICOM segmentation refers to those it is of. Point to a folder of such files, or write NIfTI (--format nifti).${listed}`,
  );
}

/** The volumes of a folder. @param except a folder that may lie in it, whose files are none of the data's */
export async function openVolumes(folder: string, except?: string): Promise<FoundVolumes> {
  const files = await filesOf(folder, except);
  const found = await findVolumes(files);
  if (found.volumes.length > 0) return found;
  const { images } = await scanFiles(files);
  if (images.length > 0)
    throw new ConfigError(
      `${folder} holds ${plural(images.length, 'DICOM image')} and no volumes (.nii or .nii.gz). Segment them as DICOM SEG: predict --format dicom-seg.`,
    );
  const listed = found.skipped.map((file) => `\n  ${skippedText(file)}`).join('');
  throw new ConfigError(
    `${folder} holds no image volumes (.nii or .nii.gz) to segment. Point to a folder of such files.${listed}`,
  );
}

export interface SegmenterOptions extends SegmentOptions, OpenTrained {}

/** Opens weights for `use`, which is also told the file's checksum. @throws FileError for weights that segment nothing */
export function withSegmenter<T>(
  weights: string,
  options: SegmenterOptions,
  use: (segmenter: Segmenter, checksum: string) => Promise<T>,
): Promise<T> {
  return withTrained(weights, options, (trained, file, checksum) =>
    use(new Segmenter(trained, file, options), checksum),
  );
}
