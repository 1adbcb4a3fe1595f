/** @file Reads the headers of many files: what is an image, what is not, and why. */

import { PlanewiseError } from '../tensor/errors.ts';
import { type DicomHeader, parseHeader } from './dicom/header.ts';
import { isDicom } from './dicom/part10.ts';
import type { FileSource, Reason, SkippedFile } from './types.ts';

/** A readable image: its header, and where its bytes are. */
export interface ScannedImage {
  readonly source: FileSource;
  readonly header: DicomHeader;
}

/** How far a long pass has come. */
export interface Progress {
  readonly phase: 'scan' | 'decode';
  readonly done: number;
  readonly total: number;
  readonly file: string;
}

export interface Scan {
  readonly images: readonly ScannedImage[];
  readonly skipped: readonly SkippedFile[];
}

/** The reason that stands for an error: planewise's own code, or READ for what a file source threw. */
export function reasonOf(error: unknown): Reason {
  if (error instanceof PlanewiseError) return { code: error.code, message: error.message };
  return { code: 'READ', message: error instanceof Error ? error.message : String(error) };
}

/** A skipped file and why, as one clause; planewise's own errors name the file themselves. */
export function skippedText({ file, reason }: SkippedFile): string {
  return reason.message.startsWith(`${file}:`) ? reason.message : `${file}: ${reason.message}`;
}

/** Folder of a path, '' at the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Two files with one identity are copies: the second would double a cardiac phase. */
function identity({
  patientId,
  seriesUid,
  sopInstanceUid,
  instanceNumber,
  triggerTimeMs,
  plane,
}: DicomHeader): string {
  return JSON.stringify([
    patientId,
    seriesUid,
    sopInstanceUid,
    instanceNumber,
    triggerTimeMs,
    plane.position,
  ]);
}

const dicomName = /\.(dcm|dicom|ima)$/i;

async function scanFile(source: FileSource): Promise<ScannedImage | null> {
  const bytes = await source.read();
  // Contours, licences and the like are not worth a word unless they claim to be DICOM.
  if (!isDicom(bytes) && !dicomName.test(source.path)) return null;
  return { source, header: parseHeader(bytes, source.path) };
}

/**
 * Reads every file's header, in the given order. Files that are neither DICOM by content nor by name (.dcm, .dicom,
 * .ima) are ignored; those that cannot be used, and copies of an image already seen, are `skipped` with the reason.
 */
export async function scanFiles(
  files: readonly FileSource[],
  onProgress?: (progress: Progress) => void,
): Promise<Scan> {
  const images: ScannedImage[] = [];
  const skipped: SkippedFile[] = [];
  const seen = new Map<string, string>();
  for (const [index, source] of files.entries()) {
    try {
      const image = await scanFile(source);
      const copy = image && seen.get(identity(image.header));
      if (copy)
        skipped.push({ file: source.path, reason: { code: 'COPY', message: `Same image as ${copy}.` } });
      else if (image) {
        seen.set(identity(image.header), source.path);
        images.push(image);
      }
    } catch (error) {
      skipped.push({ file: source.path, reason: reasonOf(error) });
    }
    onProgress?.({ phase: 'scan', done: index + 1, total: files.length, file: source.path });
  }
  return { images, skipped };
}
