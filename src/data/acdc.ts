/** @file Finds labelled cardiac volumes laid out as ACDC: patientNNN_frameMM.nii.gz, the same with _gt, and Info.cfg. */

import { readText } from './files/text.ts';
import { groupBy } from './lists.ts';
import { reasonOf } from './scan.ts';
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

/** A patient’s folder of the Automated Cardiac Diagnosis Challenge. */
export interface AcdcPatient {
  readonly id: string;
  /** Pathology group (NOR, MINF, DCM, HCM, RV). */
  readonly group: string | null;
  readonly heightCm: number | null;
  readonly weightKg: number | null;
  readonly frames: readonly AcdcFrame[];
  /** What of Info.cfg could not be used, and why: sentences that name the file. */
  readonly notices: readonly string[];
}

/** What Info.cfg says; null for what it does not. */
export interface AcdcInfo {
  /** Number of the frame at end diastole, and at end systole. */
  readonly ed: number | null;
  readonly es: number | null;
  readonly group: string | null;
  readonly heightCm: number | null;
  readonly weightKg: number | null;
  /** What was given but could not be used: sentences that name the file. */
  readonly notices: readonly string[];
}

/** How files say that a height or weight is not known. */
const unknown = /^(n\.?\/?a\.?|nan|none|null|unknown|[-?]+)?$/i;

/** No number is written with more, and to find that one is none would take time. */
const MOST_DIGITS = 64;

/** A number as it is written by hand; a decimal comma is one. NaN where it is none. */
const toNumber = (text: string): number =>
  text.length <= MOST_DIGITS && /^[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?$/i.test(text)
    ? Number(text.replace(',', '.'))
    : Number.NaN;

/** A value as a message may quote it: short, and without control characters. */
const quoted = (text: string): string => `"${text.replace(/\p{C}/gu, '').slice(0, 40)}"`;

function infoFields(text: string): Map<string, string> {
  const pairs = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n?|\n/)
    .map((line) => [line, line.search(/[:=]/)] as const)
    .filter(([, at]) => at >= 0);
  return new Map(
    pairs.map(([line, at]) => [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()]),
  );
}

/**
 * Reads Info.cfg: lines "Key: value" with any line ends; keys in upper or lower case. A value that is not what it
 * should be is null, and `notices` says so (of Height and Weight not when it only says "unknown").
 * @param file for the notices
 * @example
 * const { ed, group, heightCm } = data.parseAcdcInfo('ED: 1\nGroup: DCM\nHeight: 184,5', 'Info.cfg');
 * [ed, group, heightCm]; // [1,"DCM",184.5]
 */
export function parseAcdcInfo(text: string, file: string): AcdcInfo {
  const fields = infoFields(text);
  const notices: string[] = [];
  const refuse = (key: string, what: string): null => {
    notices.push(
      `${file}: ${key} ${quoted(fields.get(key.toLowerCase())!)} is not ${what}, so it is not used.`,
    );
    return null;
  };
  const frame = (key: 'ED' | 'ES'): number | null => {
    const value = fields.get(key.toLowerCase());
    const number = toNumber(value ?? '');
    if (value === undefined) return null;
    if (Number.isInteger(number) && number >= 0) return number;
    return refuse(key, "a frame's number");
  };
  const size = (key: 'Height' | 'Weight'): number | null => {
    const value = fields.get(key.toLowerCase()) ?? '';
    if (unknown.test(value)) return null;
    const number = toNumber(value);
    return number > 0 && Number.isFinite(number) ? number : refuse(key, 'a positive number');
  };
  const [ed, es] = [frame('ED'), frame('ES')];
  const [heightCm, weightKg] = [size('Height'), size('Weight')];
  return { ed, es, group: fields.get('group') || null, heightCm, weightKg, notices };
}

/** A file whose name has the layout's form; `frame` is null for a whole cine (_4d). */
interface NamedFile {
  readonly source: FileSource;
  readonly folder: string;
  readonly id: string;
  readonly frame: number | null;
  readonly isLabels: boolean;
}

/** Names that start with ._ are what macOS keeps beside a file. */
const layout = /^(?:(.*)\/)?(?!\._)([^/]+?)_(?:frame(\d+)(_gt)?|4d)\.nii(?:\.gz)?$/i;

function nameOf(source: FileSource): NamedFile[] {
  const match = layout.exec(source.path);
  if (!match) return [];
  const [, folder = '', id, frame, gt] = match;
  return [{ source, folder, id: id!, frame: frame ? Number(frame) : null, isLabels: gt !== undefined }];
}

const skip = ({ source }: NamedFile, code: string, message: string): SkippedFile => ({
  file: source.path,
  reason: { code, message },
});

/** The files by frame; a second file of a frame (.nii beside .nii.gz, frame1 beside frame01) is skipped. */
function byFrame(files: readonly NamedFile[], skipped: SkippedFile[]): Map<number, NamedFile> {
  const frames = new Map<number, NamedFile>();
  for (const file of files) {
    const first = frames.get(file.frame!);
    if (first) skipped.push(skip(file, 'COPY', `The same frame as ${first.source.path}, which is used.`));
    else frames.set(file.frame!, file);
  }
  return frames;
}

function toFrames(files: readonly NamedFile[], info: AcdcInfo, skipped: SkippedFile[]): AcdcFrame[] {
  const framed = files.filter(({ frame }) => frame !== null);
  const [images, labels] = [false, true].map((isLabels) =>
    byFrame(
      framed.filter((file) => file.isLabels === isLabels),
      skipped,
    ),
  ) as [Map<number, NamedFile>, Map<number, NamedFile>];
  for (const [frame, file] of labels)
    if (!images.has(frame))
      skipped.push(skip(file, 'NO_IMAGE', `Frame ${frame} has labels but no image beside them.`));
  if (framed.length === 0)
    skipped.push(skip(files[0]!, 'NO_FRAMES', 'The patient has a cine (_4d) but no labelled frames.'));
  return [...images]
    .sort(([a], [b]) => a - b)
    .map(([frame, image]) => ({
      frame,
      phase: frame === info.ed ? 'ED' : frame === info.es ? 'ES' : null,
      image: image.source,
      labels: labels.get(frame)?.source ?? null,
    }));
}

/** Where Info.cfg names a frame that is not there, or one frame twice. */
function phaseNotices({ ed, es }: AcdcInfo, frames: readonly AcdcFrame[], file: string): string[] {
  const missing = Object.entries({ ED: ed, ES: es }).filter(
    ([, number]) => number !== null && !frames.some(({ frame }) => frame === number),
  );
  const notices = missing.map(
    ([phase, number]) => `${file}: ${phase} is frame ${number}, which is not there.`,
  );
  if (ed !== null && ed === es) notices.push(`${file}: ED and ES are both frame ${ed}; it is taken as ED.`);
  return notices;
}

const noInfo = parseAcdcInfo('', '');

async function readInfo(file: FileSource | undefined, isShared: boolean): Promise<AcdcInfo> {
  if (!file) return noInfo;
  const notice = `${file.path}: its folder holds several patients, so it is not known whose it is; it is not used.`;
  if (isShared) return { ...noInfo, notices: [notice] };
  const info = parseAcdcInfo(await readText(file), file.path);
  if (info.ed !== null || info.es !== null || info.notices.length > 0) return info;
  return { ...info, notices: [`${file.path}: names neither ED nor ES, so no phase is known.`] };
}

/** Each folder's Info.cfg, however its name is cased. */
function infoFiles(files: readonly FileSource[]): Map<string, FileSource> {
  const found = files.flatMap((file): [string, FileSource][] => {
    const match = /^(?:(.*)\/)?info\.cfg$/i.exec(file.path);
    return match ? [[match[1] ?? '', file]] : [];
  });
  return new Map(found);
}

async function toPatient(
  files: readonly NamedFile[],
  infoFile: FileSource | undefined,
  isShared: boolean,
  skipped: SkippedFile[],
): Promise<AcdcPatient[]> {
  const info = await readInfo(infoFile, isShared);
  const frames = toFrames(files, info, skipped);
  if (frames.length === 0) return [];
  const { group, heightCm, weightKg } = info;
  const notices = [...info.notices, ...phaseNotices(info, frames, infoFile?.path ?? '')];
  return [{ id: files[0]!.id, group, heightCm, weightKg, frames, notices }];
}

/**
 * The patients among `files` with their frames in order; volumes are not read, names may be in upper or lower case.
 * `skipped` tells of labels without an image, of second files of one frame, of a cine (_4d) without frames, and of a
 * patient whose Info.cfg cannot be read at all. A patient without Info.cfg has no group and no named phases.
 * @example
 * const paths = ['Info.cfg', 'patient001_frame01.nii.gz', 'patient001_frame01_gt.nii.gz'];
 * const read = async () => new TextEncoder().encode('ED: 1\nES: 12\nGroup: DCM');
 * const { patients } = await data.findAcdc(paths.map((name) => ({ path: `patient001/${name}`, read })));
 * patients.map(({ id, group, frames: [{ phase }] }) => [id, group, phase]); // [["patient001","DCM","ED"]]
 */
export async function findAcdc(
  files: readonly FileSource[],
): Promise<{ patients: AcdcPatient[]; skipped: SkippedFile[] }> {
  const infos = infoFiles(files);
  const patients: AcdcPatient[] = [];
  const skipped: SkippedFile[] = [];
  const patientOf = ({ folder, id }: NamedFile): string => `${folder}/${id.toLowerCase()}`;
  const groups = [...groupBy(files.flatMap(nameOf), patientOf).values()];
  const folders = groupBy(groups, ([first]) => first!.folder);
  for (const group of groups) {
    const { folder } = group[0]!;
    const infoFile = infos.get(folder);
    try {
      patients.push(...(await toPatient(group, infoFile, folders.get(folder)!.length > 1, skipped)));
    } catch (error) {
      skipped.push({ file: infoFile!.path, reason: reasonOf(error) });
    }
  }
  return { patients, skipped };
}
