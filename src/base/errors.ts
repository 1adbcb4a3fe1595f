/** @file Every error planewise throws on purpose: one class per mistake, each message says what to do. */
import { asMessage, inLine } from './printable.ts';

/** Its message ends with a table. */
const MEMORY = 'OUT_OF_MEMORY';

/**
 * Base of all errors thrown on purpose; `code` is stable and meant for programs. The message may name files, and quote what
 * they hold: it is one line, with at most a list below it, and steers no terminal.
 * @example
 * try { schedules.constant(-1); } catch (error) { return error instanceof PlanewiseError && error.code; }
 * null; // "CONFIG"
 */
export class PlanewiseError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code === MEMORY ? message : asMessage(message), options);
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * An argument does not fit an operation: a tensor's shape or dtype, a size, an option. Names the call.
 * @example
 * ops.add(tensor(device, [1, 2], [2]), tensor(device, [1, 2, 3], [3])); // throws ShapeError
 */
export class ShapeError extends PlanewiseError {
  readonly call: string;
  readonly argument: string;
  readonly problem: string;
  readonly fix: string;

  constructor(call: string, argument: string, problem: string, fix: string) {
    super('SHAPE', `${call}: ${argument} ${problem}. ${fix}`);
    this.call = call;
    this.argument = argument;
    this.problem = problem;
    this.fix = fix;
  }
}

/**
 * A label is no class and was not said to be ignored. Kernels find it, so that the first sync point afterwards throws:
 * reading a tensor, or `device.sync()`. The loss is NaN by then.
 * @example
 * new LabelError('crossEntropy', 4, 3, 'Use labels of these only.').code; // "LABEL"
 */
export class LabelError extends PlanewiseError {
  readonly call: string;
  /** One of the labels that are no class. */
  readonly label: number;
  readonly classes: number;

  constructor(call: string, label: number, classes: number, fix: string) {
    const range = classes === 1 ? 'only class 0' : `${classes} classes (0 … ${classes - 1})`;
    super('LABEL', `${call}: labels hold ${label}, but there are ${range}. ${fix}`);
    this.call = call;
    this.label = label;
    this.classes = classes;
  }
}

/**
 * An index is no place of the axis it is for. Kernels find it, so that the first sync point afterwards throws: reading a
 * tensor, or `device.sync()`. What was to be taken is NaN by then (0 of whole numbers).
 * @example
 * const { index, size } = new IndexError('gather', 5, 3);
 * [index, size]; // [5, 3]
 */
export class IndexError extends PlanewiseError {
  readonly call: string;
  /** One of those that are no place. */
  readonly index: number;
  /** Of the axis. */
  readonly size: number;

  constructor(call: string, index: number, size: number) {
    super(
      'INDEX',
      `${call}: indices hold ${index}, but the axis has places 0 … ${size - 1}. Use indices of these only.`,
    );
    this.call = call;
    this.index = index;
    this.size = size;
  }
}

/**
 * A gradient that cannot be computed as asked: backward that reaches nothing, or only a part.
 * @example
 * new GradientError('backward reaches nothing.').code; // "GRADIENT"
 */
export class GradientError extends PlanewiseError {
  constructor(message: string) {
    super('GRADIENT', message);
  }
}

/**
 * A tensor was used after its storage was released.
 * @example
 * const x = zeros(device, [1]);
 * x.dispose();
 * await x.read(); // throws DisposedError
 */
export class DisposedError extends PlanewiseError {
  constructor(label: string) {
    super(
      'DISPOSED',
      `${label} was used after it was disposed. Keep it with scope.keep(tensor), or create it outside the scope.`,
    );
  }
}

/**
 * No usable adapter, or a device that lacks what was asked for.
 * @example
 * new DeviceError('No adapter was found.').code; // "DEVICE"
 */
export class DeviceError extends PlanewiseError {
  constructor(message: string, options?: ErrorOptions) {
    super('DEVICE', message, options);
  }
}

/**
 * The device is gone; nothing on it can be used again.
 * @example
 * new DeviceLostError('destroyed').code; // "DEVICE_LOST"
 */
export class DeviceLostError extends PlanewiseError {
  constructor(reason: string) {
    super(
      'DEVICE_LOST',
      `The GPU device was lost (${reason}). Open a new device and resume from the last checkpoint.`,
    );
  }
}

/**
 * The adapter could not allocate; the message carries the table of live bytes.
 * @example
 * new OutOfMemoryError('image', 1024, 'none').code; // "OUT_OF_MEMORY"
 */
export class OutOfMemoryError extends PlanewiseError {
  constructor(label: string, bytes: number, table: string) {
    super(
      MEMORY,
      `Could not allocate ${bytes} bytes for ${label}. Use a smaller batch or image. Live bytes:\n${table}`,
    );
  }
}

/**
 * Something a captured step cannot do: a host read, a changed shape, nesting.
 * @example
 * await capture(device, () => ({ read: zeros(device, [1]).read() })); // throws CaptureError
 */
export class CaptureError extends PlanewiseError {
  constructor(message: string) {
    super('CAPTURE', message);
  }
}

/**
 * A shader did not compile or a launch did not fit its shader.
 * @example
 * new ShaderError('The shader did not compile.').code; // "SHADER"
 */
export class ShaderError extends PlanewiseError {
  constructor(message: string) {
    super('SHADER', message);
  }
}

/**
 * A process of several that train together, a rank, does not answer, or is not as the others are.
 * @example
 * new RankError([2], 'Rank 2 does not answer.').ranks; // [2]
 */
export class RankError extends PlanewiseError {
  /** Who: numbers from 0. */
  readonly ranks: readonly number[];

  constructor(ranks: readonly number[], message: string) {
    super('RANK', message);
    this.ranks = ranks;
  }
}

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

/**
 * Settings that contradict each other or the data.
 * @example
 * schedules.stepDecay(0.1, { every: 0 }); // throws ConfigError
 */
export class ConfigError extends PlanewiseError {
  constructor(message: string, options?: ErrorOptions) {
    super('CONFIG', message, options);
  }
}

/**
 * A network that cannot be written in another program's form; names the op.
 * @example
 * new ExportError('cumsum', 'has no form there', 'Use another op.').op; // "cumsum"
 */
export class ExportError extends PlanewiseError {
  /** The call as the network makes it. */
  readonly op: string;

  constructor(op: string, problem: string, fix: string) {
    super('EXPORT', `${op} ${problem}. ${fix}`);
    this.op = op;
  }
}

/**
 * A weight is missing, unexpected or of another shape than the model's; names the weight.
 * @example
 * new WeightError('0.weight', 'is missing').weight; // "0.weight"
 */
export class WeightError extends PlanewiseError {
  readonly weight: string;
  readonly problem: string;

  /** @param file that it is of, where it is of one */
  constructor(weight: string, problem: string, file?: string) {
    const where = file === undefined ? '' : `${file}: `;
    super(
      'WEIGHT',
      `${where}${weight}: ${problem}. Build the model with the settings the weights were trained with, or load only what fits with loadCompatible().`,
    );
    this.weight = weight;
    this.problem = problem;
  }
}

/**
 * Training cannot go on: a loss, gradient, parameter or statistic is no longer finite.
 * @example
 * new TrainingError('The loss is NaN.').code; // "TRAINING"
 */
export class TrainingError extends PlanewiseError {
  constructor(message: string) {
    super('TRAINING', message);
  }
}
