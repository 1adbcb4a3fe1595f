/** @file What is wrong with files, and with planes and stacks in them. */
import { inLine } from '../printable.ts';
import { PlanewiseError } from './base.ts';

/**
 * A file could not be read or written as what it should be; names the file.
 * @example
 * decodeWeights(new Uint8Array(4), 'net.safetensors'); // throws FileError
 */
export class FileError extends PlanewiseError {
  readonly file: string;

  constructor(file: string, problem: string, fix: string, options?: ErrorOptions) {
    super('FILE', inLine(`${file}: ${problem}. ${fix}`), options);
    this.file = file;
  }
}

/** Who writes into a folder, as far as is known. */
export interface FolderWriter {
  readonly host: string;
  readonly pid: number;
  /** When it began, ISO 8601; null: it did not say. */
  readonly since: string | null;
}

/**
 * Somebody else writes into a folder; names the folder and who it is.
 * @example
 * const writer = { host: 'hal', pid: 9, since: null };
 * new BusyError('runs/a', writer, 'Wait.').who; // "process 9 on hal"
 */
export class BusyError extends PlanewiseError {
  readonly folder: string;
  readonly host: string;
  readonly pid: number;
  readonly since: string | null;
  /** The three in words. */
  readonly who: string;

  constructor(folder: string, { host, pid, since }: FolderWriter, fix: string) {
    const who = `process ${pid} on ${host}${since === null ? '' : ` since ${since}`}`;
    super('BUSY', `${folder} is written into by ${who}. ${fix}`);
    this.folder = folder;
    this.who = who;
    this.host = host;
    this.pid = pid;
    this.since = since;
  }
}

/**
 * A DICOM file lacks a tag, or a tag holds what cannot be used; names file and tag.
 * @example
 * new DicomError('a.dcm', '(0028,0010) Rows', 'is missing', 'Export it again.').code; // "DICOM"
 */
export class DicomError extends PlanewiseError {
  readonly file: string;
  readonly tag: string;

  constructor(file: string, tag: string, problem: string, fix: string) {
    super('DICOM', inLine(`${file}: ${tag} ${problem}. ${fix}`));
    this.file = file;
    this.tag = tag;
  }
}

/**
 * Planes, stacks or lines that geometry cannot work with.
 * @example
 * new GeometryError('The planes are parallel.').code; // "GEOMETRY"
 */
export class GeometryError extends PlanewiseError {
  constructor(message: string) {
    super('GEOMETRY', message);
  }
}

/**
 * A stack in which no plane can be planned; `code` says why: FEW_SLICES, NOT_PARALLEL, FEW_LINES, NO_AGREEMENT,
 * FRAME_OF_REFERENCE.
 * @example
 * new PlanningError('FEW_SLICES', 'The stack has one slice. Use more.').code; // "FEW_SLICES"
 */
export class PlanningError extends PlanewiseError {}
