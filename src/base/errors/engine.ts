/** @file Mistakes in calls of the engine, and what devices and ranks do not do. */
import { MEMORY, PlanewiseError } from './base.ts';

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
