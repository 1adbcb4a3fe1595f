/** @file Finds labelled cardiac volumes laid out as ACDC: patientNNN_frameMM.nii.gz, the same with _gt, and Info.cfg. */

import { FileError } from '../tensor/errors.ts';
import { folderOf, reasonOf } from './scan.ts';
import { groupBy } from './stacks.ts';
import type { FileSource, SkippedFile } from './types.ts';

/** One labelled phase of a patient. */
export interface AcdcFrame {
  /** Number in the file's name, from 1. */
  readonly frame: number;
  /** Which phase Info.cfg says it is. */
  readonly phase: 'ED' | 'ES' | null;
  readonly image: FileSource;
  /** Classes 0 background, 1 right ventricle, 2 myocardium, 3 left ventricle; null where there is no _gt. */
  readonly labels: FileSource | null;
}

export interface AcdcPatient {
  readonly id: string;
  /** Pathology group (NOR, MINF, DCM, HCM, RV). */
  readonly group: string | null;
  readonly heightCm: number | null;
  readonly weightKg: number | null;
  readonly frames: readonly AcdcFrame[];
}

export interface AcdcInfo {
  readonly ed: number | null;
  readonly es: number | null;
  readonly group: string | null;
  readonly heightCm: number | null;
  readonly weightKg: number | null;
}

/** Reads Info.cfg ("Key: value" lines). Throws FileError when a number in it is not one. */
export function parseAcdcInfo(text: string, file: string): AcdcInfo {
  const pairs = text.split(/\r?\n/).flatMap((line) => {
    const [key, ...rest] = line.split(':');
    return rest.length > 0 ? [[key!.trim().toLowerCase(), rest.join(':').trim()] as const] : [];
  });
  const fields = new Map(pairs);
  const number = (key: string): number | null => {
    const value = fields.get(key);
    if (value === undefined || value === '') return null;
    if (Number.isFinite(Number(value))) return Number(value);
    throw new FileError(file, `has ${key} "${value}", which is not a number`, 'Correct the file.');
  };
  return {
    ed: number('ed'),
    es: number('es'),
    group: fields.get('group') || null,
    heightCm: number('height'),
    weightKg: number('weight'),
  };
}

const frameName = /([^/]+)_frame(\d+)\.nii(\.gz)?$/;

function toFrame(image: FileSource, files: ReadonlyMap<string, FileSource>, info: AcdcInfo): AcdcFrame {
  const frame = Number(frameName.exec(image.path)![2]);
  const phase = frame === info.ed ? 'ED' : frame === info.es ? 'ES' : null;
  const labels = files.get(image.path.replace(/\.nii(\.gz)?$/, '_gt.nii$1')) ?? null;
  return { frame, phase, image, labels };
}

async function readInfo(file: FileSource | undefined): Promise<AcdcInfo> {
  const text = file ? new TextDecoder().decode(await file.read()) : '';
  return parseAcdcInfo(text, file?.path ?? '');
}

/**
 * The patients among `files` with their frames in order; volumes are not read. A patient whose Info.cfg
 * cannot be read is `skipped` with the reason; one without Info.cfg has no group and no named phases.
 */
export async function findAcdc(
  files: readonly FileSource[],
): Promise<{ patients: AcdcPatient[]; skipped: SkippedFile[] }> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const images = files.filter((file) => frameName.test(file.path));
  const patients: AcdcPatient[] = [];
  const skipped: SkippedFile[] = [];
  const stem = (path: string): string => path.replace(/_frame\d+\.nii(\.gz)?$/, '');
  for (const [patient, group] of groupBy(images, (file) => stem(file.path))) {
    const folder = folderOf(patient);
    const infoPath = folder === '' ? 'Info.cfg' : `${folder}/Info.cfg`;
    try {
      const info = await readInfo(byPath.get(infoPath));
      const frames = group.map((image) => toFrame(image, byPath, info)).sort((a, b) => a.frame - b.frame);
      const id = frameName.exec(group[0]!.path)![1]!;
      patients.push({ id, group: info.group, heightCm: info.heightCm, weightKg: info.weightKg, frames });
    } catch (error) {
      skipped.push({ file: infoPath, reason: reasonOf(error) });
    }
  }
  return { patients, skipped };
}
