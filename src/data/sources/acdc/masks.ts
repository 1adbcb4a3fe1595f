/** @file From the labels of all volumes to classes: which there are, and where background is not known. */
import { ConfigError } from '../../../base/errors.ts';
import { listed } from '../../../base/words.ts';
import { UNKNOWN } from '../../types.ts';

/** Names of ACDC's labels, by number. */
export const labelNames = ['background', 'right ventricle', 'myocardium', 'left ventricle'] as const;

/** Numbers that class maps have for classes of these names: ACDC's where all are its own, else 0, 1, 2, … */
export function numbersOf(classes: readonly string[]): number[] {
  const numbers = classes.map((name) => (labelNames as readonly string[]).indexOf(name));
  return numbers.includes(-1) ? [...classes.keys()] : numbers;
}

/** The labels of a volume's slices, on the prepared grid or its own. */
export interface VolumeLabels {
  /** [slices, rows, columns], the file's numbers, or UNKNOWN. */
  readonly grid: Uint8Array;
  /** Labels but background that occur in the file. */
  readonly present: ReadonlySet<number>;
  /** Of each slice, whether any of these occurs there in the file. */
  readonly labelled: readonly boolean[];
}

export interface Masks {
  /** Names of the classes, background first. */
  readonly classes: readonly string[];
  /** The volumes' slices one after another, class numbers or UNKNOWN. */
  readonly masks: Uint8Array;
  /** Volumes that lack a label which others have. */
  readonly partial: readonly VolumeLabels[];
  /** How many slices of labelled volumes have no label. */
  readonly emptySlices: number;
}

/**
 * The class of each of a volume's labels; of background UNKNOWN where it may hide a structure. Labels that are no class
 * of these are what is not one of them: background, wherever it is known.
 */
function classTable(labels: readonly number[], { present }: VolumeLabels): Uint8Array {
  const table = new Uint8Array(256).fill(UNKNOWN);
  table.fill(0, 1, labelNames.length);
  for (const [index, label] of labels.entries()) table[label] = index + 1;
  if (labels.every((label) => present.has(label))) table[0] = 0;
  return table;
}

/** Numbers of the labels of these names; of all without names. Throws ConfigError for a name that is none. */
function wantedLabels(names: readonly string[]): Set<number> {
  const all = labelNames.slice(1) as readonly string[];
  const stray = names.find((name) => !all.includes(name));
  if (stray !== undefined)
    throw new ConfigError(`There is no class "${stray}" (--classes). Name some of ${listed(all)}.`);
  return new Set((names.length > 0 ? names : all).map((name) => all.indexOf(name) + 1));
}

function fillSlices(
  out: Uint8Array,
  { grid, labelled }: VolumeLabels,
  table: Uint8Array,
  keepEmpty: boolean,
): void {
  const area = grid.length / labelled.length;
  for (const [slice, any] of labelled.entries()) {
    if (!any && !keepEmpty) continue;
    for (let i = slice * area; i < (slice + 1) * area; i++) out[i] = table[grid[i]!]!;
  }
}

/**
 * Joins the labels of volumes; null where no label but background occurs at all. Classes are the labels that occur
 * anywhere, in the order of their numbers. In a volume that lacks one of them background is unknown: where nobody drew the
 * myocardium, 0 does not say that there is none. Volumes without labels are unknown, and so are slices without any
 * unless `emptySlices` says that they are background. Where `classes` names some, what is labelled otherwise is background:
 * a volume in which only the cavity was drawn is then as complete as one with its wall.
 * @throws ConfigError where `classes` names one that is none
 * @param volumes null for one without labels, which has as many pixels as `pixels` says
 */
export function joinMasks(
  volumes: readonly (VolumeLabels | null)[],
  pixels: readonly number[],
  emptySlices: 'unknown' | 'background',
  classes: readonly string[] = [],
): Masks | null {
  const wanted = wantedLabels(classes);
  const known = volumes.filter((volume) => volume !== null && volume.present.size > 0) as VolumeLabels[];
  const found = new Set(known.flatMap(({ present }) => [...present]));
  const labels = [...found].filter((label) => wanted.has(label)).sort((a, b) => a - b);
  if (labels.length === 0) return null;
  const masks = new Uint8Array(pixels.reduce((a, b) => a + b, 0)).fill(UNKNOWN);
  let at = 0;
  for (const [index, volume] of volumes.entries()) {
    const out = masks.subarray(at, at + pixels[index]!);
    if (volume && volume.present.size > 0)
      fillSlices(out, volume, classTable(labels, volume), emptySlices === 'background');
    at += pixels[index]!;
  }
  return {
    classes: [labelNames[0], ...labels.map((label) => labelNames[label]!)],
    masks,
    partial: known.filter(({ present }) => !labels.every((label) => present.has(label))),
    emptySlices: known.flatMap(({ labelled }) => labelled.filter((any) => !any)).length,
  };
}
