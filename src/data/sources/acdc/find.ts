/** @file Which volumes of a folder can be segmented: the frames of a folder laid out as ACDC, and any other NIfTI file. */
import { type AcdcFrame, findAcdc } from '../../acdc.ts';
import type { FileSource, SkippedFile } from '../../types.ts';
import type { Turn } from '../../upright.ts';
import { type Subject, subjectsOf } from './subjects.ts';

/** A volume to segment. */
export interface FoundVolume extends AcdcFrame {
  readonly subject: string;
  /**
   * What its class map is called, without an ending: `patient001_ED` as ACDC has it, `patient001_frame05` of a frame
   * whose phase is not known, a file's own path else.
   */
  readonly name: string;
  /** Of its slices, where DICOM told how they lie. */
  readonly turn?: Turn;
  /** The name that it had before it was given another, of pseudonyms. */
  readonly formerName?: string;
}

export interface FoundVolumes {
  readonly volumes: readonly FoundVolume[];
  readonly skipped: readonly SkippedFile[];
  /** What of Info.cfg could not be used: sentences. */
  readonly notices: readonly string[];
}

/** A path without its ending. */
export const stemOf = (path: string): string => path.replace(/\.nii(\.gz)?$/i, '');

const lastOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

const isNifti = (path: string): boolean => /\.nii(\.gz)?$/i.test(path) && !lastOf(path).startsWith('._');

/** Frames, their masks, and cines of whole heartbeats. */
const isLaidOut = (path: string): boolean => /_(frame\d+(_gt)?|4d)\.nii(\.gz)?$/i.test(path);

const isMask = (path: string): boolean => /_gt\.nii(\.gz)?$/i.test(path);

function framesOf({ patient, name: subject }: Subject): FoundVolume[] {
  return patient.frames.map((frame) => {
    const number = /_(frame\d+)$/i.exec(stemOf(frame.image.path))![1]!.toLowerCase();
    return { ...frame, subject, name: `${subject}_${frame.phase ?? number}` };
  });
}

/** A file that belongs to no layout: a volume of its own. */
function plainVolume(image: FileSource): FoundVolume {
  const name = stemOf(image.path);
  return { frame: 0, phase: null, image, labels: null, subject: name, name };
}

/** Those whose name another has already are skipped. */
function distinct(volumes: readonly FoundVolume[], skipped: SkippedFile[]): FoundVolume[] {
  const names = new Map<string, string>();
  return volumes.filter(({ name, image }) => {
    const first = names.get(name.toLowerCase());
    if (first === undefined) names.set(name.toLowerCase(), image.path);
    else {
      const message = `Its class map would have the name of that of ${first}, which is used.`;
      skipped.push({ file: image.path, reason: { code: 'COPY', message } });
    }
    return first === undefined;
  });
}

/** The image volumes among files, with their masks where there are any. No volume is read. */
export async function findVolumes(files: readonly FileSource[]): Promise<FoundVolumes> {
  const { patients, skipped: refused } = await findAcdc(files);
  const frames = subjectsOf(patients).flatMap(framesOf);
  const plain = files.filter(({ path }) => isNifti(path) && !isLaidOut(path) && !isMask(path));
  const skipped = [...refused];
  return {
    volumes: distinct([...frames, ...plain.map(plainVolume)], skipped),
    skipped,
    notices: patients.flatMap(({ notices }) => notices),
  };
}
