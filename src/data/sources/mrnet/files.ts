/** @file Files laid out as MRNet: train|valid/axial|coronal|sagittal/NNNN.npy, and beside these folders train-acl.csv and so on. */
import { groupBy } from '../../lists.ts';
import type { FileSource } from '../../types.ts';

export const planes = ['axial', 'coronal', 'sagittal'] as const;
export type Plane = (typeof planes)[number];

/** What experts said of each case: whether anything is abnormal, and whether ligament or meniscus is torn. */
export const labelNames = ['abnormal', 'acl', 'meniscus'] as const;

/** A series of slices of one plane. */
export interface Series {
  readonly source: FileSource;
  readonly plane: Plane;
  /** The folder of the published parts, in lower case: train or valid. */
  readonly part: string;
  readonly number: number;
  /** Its subject: part and number as the file is named, `train/0012`; with the folder above where there are several. */
  readonly subject: string;
}

/** Labels of a part. */
export interface LabelFile {
  readonly source: FileSource;
  readonly part: string;
  readonly label: (typeof labelNames)[number];
  /** The folder that it is in. */
  readonly root: string;
}

export interface Layout {
  readonly series: readonly (Series & { readonly root: string })[];
  readonly labels: readonly LabelFile[];
}

const SERIES = /^(?:(.*)\/)?(train|valid)\/(axial|coronal|sagittal)\/(\d+)\.npy$/i;
const LABELS = /^(?:(.*)\/)?(train|valid)-(abnormal|acl|meniscus)\.csv$/i;

/** What of the files is laid out so, at any depth, in the order of subjects. */
export function findMrnet(files: readonly FileSource[]): Layout {
  const found = files.flatMap((source) => {
    const [, root = '', part, plane, digits] = SERIES.exec(source.path) ?? [];
    if (digits === undefined) return [];
    const name = `${part!.toLowerCase()}/${digits}`;
    const known = { part: part!.toLowerCase(), plane: plane!.toLowerCase() as Plane, number: Number(digits) };
    return [{ source, root, name, ...known }];
  });
  const several = groupBy(found, ({ root }) => root).size > 1;
  const series = found
    .map(({ name, ...one }) => ({ ...one, subject: several && one.root ? `${one.root}/${name}` : name }))
    .sort((a, b) => (a.subject < b.subject ? -1 : 1));
  const roots = new Set(found.map(({ root }) => root));
  const labels = files.flatMap((source): LabelFile[] => {
    const [, root = '', part, label] = LABELS.exec(source.path) ?? [];
    if (label === undefined || !roots.has(root)) return [];
    return [{ source, root, part: part!.toLowerCase(), label: label.toLowerCase() as LabelFile['label'] }];
  });
  return { series, labels };
}
