/** @file The tensor: a shaped, typed view of a storage, owned by a scope, a module or a captured step. */
import type { Device } from './device.ts';
import { byteSize, type DType, decode, encode, type HostArray } from './dtype.ts';
import { DisposedError, ShapeError } from './errors.ts';
import type { Storage } from './memory.ts';
import { own } from './scope.ts';
import { elementCount, formatShape, type Shape } from './shape.ts';

/** Shape and dtype: what an op's shape rule works on. */
export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

export class Tensor implements Spec {
  readonly device: Device;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly label: string;
  /** Byte offset into the storage; a multiple of 256. */
  readonly offset: number;
  /** Whether a tape follows this tensor from here on. */
  requiresGrad = false;
  /** Where backward leaves the gradient of a tensor with `requiresGrad`. */
  grad: Tensor | undefined;
  /** A parameter's place in the gradient arena; backward writes there, and `grad` is then this tensor. */
  gradSlot: Tensor | undefined;
  readonly #storage: Storage;
  #disposed = false;

  /** Takes over one ownership of `storage`. */
  constructor(device: Device, storage: Storage, spec: Spec, label: string, offset = 0) {
    this.device = device;
    this.#storage = storage;
    this.shape = spec.shape;
    this.dtype = spec.dtype;
    this.label = label;
    this.offset = offset;
    own(this);
  }

  get size(): number {
    return elementCount(this.shape);
  }

  /** Bytes of the elements, without padding. */
  get byteLength(): number {
    return this.size * byteSize(this.dtype);
  }

  get storage(): Storage {
    if (this.#disposed || !this.#storage.alive) throw new DisposedError(`Tensor ${this.label}`);
    return this.#storage;
  }

  /** The same elements under another shape, without a copy. Throws ShapeError if the counts differ. */
  reshape(shape: Shape): Tensor {
    if (elementCount(shape) !== this.size) {
      throw new ShapeError(
        'reshape',
        'shape',
        `${formatShape(shape)} has ${elementCount(shape)} elements, the tensor ${formatShape(this.shape)} has ${this.size}`,
        'The counts must be equal.',
      );
    }
    return new Tensor(
      this.device,
      this.storage.retain(),
      { shape, dtype: this.dtype },
      this.label,
      this.offset,
    );
  }

  /** A second handle on the same elements; dispose both. */
  alias(): Tensor {
    return this.reshape(this.shape);
  }

  /** The elements on the host; float16 as Float32Array, bool as Uint32Array of 0 and 1. */
  read(): Promise<HostArray> {
    // Thrown at the call, not in the promise, so that a step cannot overlook it.
    this.device.forbidInCapture('A host read was attempted');
    const bytes = this.device.read(this.storage.buffer!, this.offset, this.byteLength);
    return bytes.then((buffer) => decode(buffer, this.dtype, this.size));
  }

  /** The one element of a single-element tensor. */
  async item(): Promise<number> {
    if (this.size !== 1) throw new ShapeError('item', 'tensor', `has ${this.size} elements`, 'Use read().');
    return (await this.read())[0]!;
  }

  /** Overwrites all elements, after everything launched so far. */
  write(values: ArrayLike<number>): void {
    this.device.forbidInCapture('A host write was attempted');
    if (values.length !== this.size) {
      throw new ShapeError(
        'write',
        'values',
        `holds ${values.length} values`,
        `The tensor has ${this.size}.`,
      );
    }
    this.device.write(this.storage.buffer!, this.offset, encode(values, this.dtype));
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#storage.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
