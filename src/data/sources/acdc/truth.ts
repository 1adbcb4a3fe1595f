/** @file True class maps on their own grids, with what is unknown left unknown: what predictions are measured by. */
import { ConfigError, FileError } from '../../../base/errors.ts';
import { plural } from '../../../base/words.ts';
import { reasonOf } from '../../scan.ts';
import { namedBytes, type ReadVolume, readImageVolume, readMaskVolume } from '../../segmentation/index.ts';
import { type FileSource, type SkippedFile, UNKNOWN } from '../../types.ts';
import type { MaskOptions } from '../source.ts';
import type { FoundVolume } from './find.ts';
import { labelsOf, type Warn } from './labels.ts';
import { labelNames, type VolumeLabels } from './masks.ts';

/** Where a volume's voxels lie; its values are not kept. */
export type VolumeGrid = Omit<ReadVolume, 'data'>;

/** A class as files number it. */
export interface TrueClass {
  readonly name: string;
  readonly number: number;
}

export interface TrueVolume {
  readonly found: FoundVolume;
  readonly grid: VolumeGrid;
  /** [slices, rows, columns] class numbers, or UNKNOWN. */
  readonly truth: Uint8Array;
  /** Those that were drawn, background left out. */
  readonly classes: readonly TrueClass[];
}

export interface Truth {
  readonly volumes: readonly TrueVolume[];
  readonly skipped: readonly SkippedFile[];
  readonly notices: readonly string[];
}

export interface TruthOptions extends MaskOptions {
  readonly onWarning: Warn;
  readonly onProgress?: (done: number) => void;
}

interface Labelled {
  readonly found: FoundVolume;
  readonly grid: VolumeGrid;
  readonly labels: VolumeLabels;
}

async function readLabelled(found: FoundVolume, mask: FileSource, warn: Warn): Promise<Labelled> {
  const image = readImageVolume(await namedBytes(found.image));
  const read = readMaskVolume(await namedBytes(mask), image);
  for (const message of read.notices) warn(mask.path, { code: 'NIFTI', message });
  const labels = labelsOf(read, warn);
  if (labels.present.size === 0)
    throw new FileError(mask.path, 'holds no label of ACDC (1 to 3)', 'Its volume is not measured.');
  const { data: _, ...grid } = image;
  return { found, grid, labels };
}

/** Numbers of a volume's labels, UNKNOWN in slices of which nothing is known. */
function truthOf({ grid, labelled }: VolumeLabels, keepEmpty: boolean): Uint8Array {
  const truth = grid.slice();
  const area = grid.length / labelled.length;
  for (const [slice, any] of labelled.entries())
    if (!any && !keepEmpty) truth.fill(UNKNOWN, slice * area, (slice + 1) * area);
  return truth;
}

function noticesOf(
  volumes: readonly Labelled[],
  classes: readonly TrueClass[],
  keepEmpty: boolean,
): string[] {
  const partial = volumes.filter(({ labels }) => labels.present.size < classes.length);
  const [first] = partial;
  const lacking = first && classes.filter(({ number }) => !first.labels.present.has(number));
  const empty = volumes.flatMap(({ labels }) => labels.labelled.filter((any) => !any)).length;
  return [
    ...(lacking
      ? [
          `In ${partial.length} of ${plural(volumes.length, 'volume')} a class never occurs that others have, first ${first.grid.file} (no ${lacking.map(({ name }) => name).join(', ')}): it is not measured there.`,
        ]
      : []),
    ...(empty > 0 && !keepEmpty
      ? [
          `${plural(empty, 'slice')} of labelled volumes without any label: not measured (--empty-slices background takes them as background).`,
        ]
      : []),
  ];
}

/**
 * Reads the masks of volumes that have any. Unknown is what holds no label of ACDC's, and slices without labels unless
 * `emptySlices` says otherwise. A class that never occurs in a volume though others have it is unknown there; the
 * others of that volume are known, for where one of them is not, it was not drawn.
 * @throws ConfigError where no volume has a mask that can be used
 */
export async function readTruth(
  volumes: readonly FoundVolume[],
  { emptySlices = 'unknown', onWarning, onProgress }: TruthOptions,
): Promise<Truth> {
  const skipped: SkippedFile[] = [];
  const read: Labelled[] = [];
  for (const [i, found] of volumes.entries()) {
    try {
      if (found.labels) read.push(await readLabelled(found, found.labels, onWarning));
    } catch (error) {
      skipped.push({ file: found.labels!.path, reason: reasonOf(error) });
    }
    onProgress?.(i + 1);
  }
  if (read.length === 0) throw new ConfigError('No volume has labels (_gt) to measure predictions by.');
  const present = new Set(read.flatMap(({ labels }) => [...labels.present]));
  const classes = labelNames.flatMap((name, number) => (present.has(number) ? [{ name, number }] : []));
  const keepEmpty = emptySlices === 'background';
  return {
    volumes: read.map(({ found, grid, labels }) => ({
      ...{ found, grid, truth: truthOf(labels, keepEmpty) },
      classes: classes.filter(({ number }) => labels.present.has(number)),
    })),
    skipped,
    notices: noticesOf(read, classes, keepEmpty),
  };
}
