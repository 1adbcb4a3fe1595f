/** @file The tensor: a shaped, typed view of a storage, owned by a scope, a module or a captured step. */

import { describe } from '../base/describe.ts';
import { DisposedError, ShapeError } from '../base/errors.ts';
import { type ChannelRun, cutRun, pickRun } from './channelRun.ts';
import type { Device } from './device.ts';
import { byteSize, type DType, decode, type HostArray, isFloat } from './dtype.ts';
import { HeldGradient } from './gradient.ts';
import { isFew, type Known, keep, show } from './known.ts';
import { own } from './scope.ts';
import { elementCount, expectCount, formatShape, inferShape, type Shape } from './shape.ts';
import { confined, type Region, Storage, unwritten } from './storage.ts';
import { encode, type HostValues } from './values.ts';
import { viewers } from './views.ts';

export type { ChannelRun } from './channelRun.ts';

/** Shape and dtype: what an op's shape rule works on. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

/**
 * An array of numbers on a device, row by row: made by `tensor`, `zeros` and ops. Whoever holds it disposes it, or a scope does.
 * @example
 * const x = tensor(device, [1, 2, 3], [3]);
 * [x.dtype, x.shape, await x.read()]; // ["f32", [3], [1, 2, 3]]
 */
export class Tensor implements Spec {
  readonly device: Device;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly label: string;
  /** Byte offset into the storage; a multiple of 256. */
  readonly offset: number;
  /** Set where the elements are some channels of wider pixels, in a storage shared with the other channels. */
  readonly run: ChannelRun | undefined;
  /** A parameter's place in the gradient arena; backward writes there, and `grad` is then this tensor. */
  gradSlot: Tensor | undefined;
  /** Set on a parameter's copy in f16, for kernels to read: the parameter, which gets the gradient. */
  master: Tensor | undefined;
  readonly #storage: Storage;
  #grad: HeldGradient | undefined;
  #known: Known | undefined;
  #requiresGrad = false;
  #disposed = false;

  /** Takes over one ownership of `storage`. */
  constructor(device: Device, storage: Storage, spec: Spec, label: string, offset = 0, run?: ChannelRun) {
    if (!(storage instanceof Storage))
      throw new ShapeError('Tensor', 'storage', `is ${describe(storage)}`, 'Use tensor(), zeros() or an op.');
    this.device = device;
    this.#storage = storage;
    // The caller's array may change; a shape that is frozen is a tensor's already.
    this.shape = Object.isFrozen(spec.shape) ? spec.shape : Object.freeze([...spec.shape]);
    this.dtype = spec.dtype;
    this.label = label;
    this.offset = offset;
    this.run = run;
    own(this);
  }

  /** Whether a tape follows this tensor from here on. */
  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }

  /** @throws ShapeError for true where the dtype is no float */
  set requiresGrad(required: boolean) {
    if (required && !isFloat(this.dtype))
      throw new ShapeError(
        'requiresGrad',
        this.label,
        `is ${this.dtype}`,
        'Only f32 and f16 have gradients: set it on a tensor of these.',
      );
    this.#requiresGrad = required;
  }

  /**
   * Where backward leaves the gradient of a tensor with `requiresGrad`. It is the tensor's: disposing that frees it, and
   * setting another or none lets it go, to the innermost scope or else at once. One that you assign stays yours.
   */
  get grad(): Tensor | undefined {
    return this.heldGrad.value;
  }

  /** @throws ShapeError for what is no tensor, or of another shape, dtype or device */
  set grad(gradient: Tensor | undefined) {
    if (gradient !== undefined && !(gradient instanceof Tensor))
      throw new ShapeError('grad', 'gradient', `is ${describe(gradient)}`, 'Assign a tensor, or undefined.');
    this.heldGrad.assign(gradient);
  }

  /** The gradient as whoever makes gradients sees it. */
  get heldGrad(): HeldGradient {
    this.#grad ??= new HeldGradient(this);
    return this.#grad;
  }

  get size(): number {
    return elementCount(this.shape);
  }

  /** Bytes of the elements, without padding. */
  get byteLength(): number {
    return this.size * byteSize(this.dtype);
  }

  /** Bytes from the first to the last element, those of other channels between them included. */
  get spanBytes(): number {
    return this.run ? (this.byteLength / this.shape.at(-1)!) * this.run.pitch : this.byteLength;
  }

  /** What of the storage the elements are. */
  get region(): Region {
    const { start = 0, pitch = 0 } = this.run ?? {};
    return { offset: this.offset, bytes: this.spanBytes, start, channels: this.shape.at(-1) ?? 1, pitch };
  }

  get storage(): Storage {
    if (this.#disposed || !this.#storage.alive) throw new DisposedError(`Tensor ${this.label}`);
    return this.#storage;
  }

  /** Throws CaptureError for what a captured step made and did not return: its place is shared. */
  get #buffer(): GPUBuffer {
    const { buffer } = this.storage;
    if (buffer) return buffer;
    throw confined(this.label);
  }

  /**
   * The same elements under another shape, of which one axis may be −1, without a copy; on the tape.
   * @throws ShapeError if the counts differ
   */
  reshape(shape: Shape): Tensor {
    const view = this.view(inferShape('reshape', shape, this.size));
    viewers().reshaped(this, view);
    return view;
  }

  /** As `channels`, but no tape sees it: for what launches kernels. */
  viewChannels(start: number, end: number): Tensor {
    const run = cutRun(this.shape, this.run, start, end);
    return this.#view([...this.shape.slice(0, -1), end - start], run);
  }

  /** As `reshape`, by default to the same shape, but no tape sees it: for what launches kernels or keeps tensors alive. */
  view(shape: Shape = this.shape): Tensor {
    if (shape !== this.shape) expectCount('reshape', shape, this);
    if (this.run && shape.at(-1) !== this.shape.at(-1)) {
      const problem = `${formatShape(shape)} changes the channels of a run of them`;
      throw new ShapeError('reshape', 'shape', problem, 'Use ops.reshape, which copies.');
    }
    return this.#view(shape, this.run);
  }

  /** Channels start … end−1 without a copy, on the tape: ops read and write them in place. */
  channels(start: number, end: number): Tensor {
    const view = this.viewChannels(start, end);
    viewers().cut(this, view, start, end);
    return view;
  }

  #view(shape: Shape, run: ChannelRun | undefined): Tensor {
    const spec = { shape, dtype: this.dtype };
    return new Tensor(this.device, this.storage.retain(), spec, this.label, this.offset, run);
  }

  /** A second handle on the same elements, on the tape; dispose both. */
  alias(): Tensor {
    return this.reshape(this.shape);
  }

  /**
   * The elements on the host; float16 as Float32Array, bool as Uint32Array of 0 and 1.
   * @throws CaptureError inside a captured step, and for an output of one before its first run; at the call
   */
  read(): Promise<HostArray> {
    // Thrown at the call, not in the promise, so that a step cannot overlook it.
    this.device.forbidInCapture('A host read was attempted');
    const { clock, written } = this.storage;
    if (!written && this.size > 0) throw unwritten(this.label);
    const bytes = this.device.read(this.#buffer, this.offset, this.spanBytes);
    return bytes.then((buffer) => this.#remember(this.#elementsOf(buffer), clock));
  }

  #elementsOf(bytes: ArrayBuffer): HostArray {
    if (!this.run) return decode(bytes, this.dtype, this.size);
    const span = decode(bytes, this.dtype, this.spanBytes / byteSize(this.dtype));
    return pickRun(span, this.run, this.shape.at(-1)!);
  }

  /** Keeps a few values for `toString`, as long as nothing is written. */
  #remember(values: HostArray, clock: number): HostArray {
    if (isFew(values.length)) this.#known = keep(values, clock);
    return values;
  }

  /** Shape, dtype and, where the host knows them (it made, wrote or read them last), the values. */
  toString(): string {
    return show(this, this.#known);
  }

  /**
   * The text, in strings. As a number, which `x > 0`, `x * 2` and `Math.max(x)` take it for, it has no value.
   * @throws ShapeError there
   */
  [Symbol.toPrimitive](hint: string): string {
    if (hint !== 'number') return this.toString();
    const fix = 'Compute with ops, such as ops.multiply(x, 2), or with the number that await x.item() gives.';
    throw new ShapeError('Tensor', this.label, 'is used as a number', fix);
  }

  /** For console.log in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /**
   * The one element of a single-element tensor; the promise is rejected with a ShapeError for another.
   * @throws CaptureError inside a captured step, at the call
   */
  item(): Promise<number> {
    this.device.forbidInCapture('A host read was attempted');
    return this.#item();
  }

  async #item(): Promise<number> {
    if (this.size !== 1) throw new ShapeError('item', 'tensor', `has ${this.size} elements`, 'Use read().');
    return (await this.read())[0]!;
  }

  /**
   * Overwrites all elements, after everything launched so far.
   * @throws ShapeError for other than `size` values, one that is no number of the dtype, or for a run of channels
   * @throws CaptureError inside a captured step
   */
  write(values: HostValues): void {
    const fix =
      'Write before run(): a step reads what its tensors hold then. What changes within it, ops compute.';
    this.device.forbidInCapture('A host write was attempted', fix);
    if (this.run) throw new ShapeError('write', 'tensor', 'is a run of channels', 'Write the whole tensor.');
    this.fill(encode('write', values, this.shape, this.dtype));
  }

  /** Overwrites all elements with their bytes (`encode`). */
  fill(bytes: Uint8Array<ArrayBuffer>): void {
    const { storage } = this;
    this.device.write(this.#buffer, this.offset, bytes);
    storage.wrote(this.region);
    if (isFew(this.size)) this.#remember(decode(bytes.slice().buffer, this.dtype, this.size), storage.clock);
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#storage.release();
    this.#grad?.free();
  }

  /** Runs `action` with the tensor usable, disposed or not, by someone who keeps its storage. */
  revived<T>(action: () => T): T {
    const before = this.#disposed;
    this.#disposed = false;
    try {
      return action();
    } finally {
      this.#disposed = before;
    }
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
