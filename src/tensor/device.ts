/** @file The device: an opened WebGPU device with its capabilities, memory, sticky errors and the lost latch. */

import { describe } from '../base/describe.ts';
import { ConfigError, DeviceError, DeviceLostError } from '../base/errors.ts';
import { expectOneOf, expectSettings, type Hints } from '../base/settings.ts';
import { type Caps, capsOf, MATRICES, SIZES } from './caps.ts';
import { Faults } from './faults.ts';
import { Memory } from './memory.ts';
import { forbidInCapture } from './recorded.ts';

export type { Caps } from './caps.ts';

/** What the engine asks of whoever records launches (src/kernels/queue.ts). */
export interface PendingWork {
  flush(): void;
  dispose(): void;
}

/** Of `openDevice`, wherever it runs. */
export interface DeviceOptions {
  /** Op name → variant name, to force a kernel variant. */
  readonly variants?: Readonly<Record<string, string>>;
  /** Whether convolutions may take Winograd's form, which errs more than a direct sum (src/kernels/winograd.ts); default yes. */
  readonly winograd?: boolean;
}

/**
 * Throws ConfigError for options of openDevice that are unknown or of the wrong type.
 * @param also options that only this place has
 */
export function expectDeviceOptions(
  options: DeviceOptions,
  also: readonly string[],
  hints: Hints = {},
): void {
  expectSettings('openDevice', options, [...also, 'variants', 'winograd'], hints);
  const { variants = {}, winograd } = options;
  expectOneOf('openDevice.winograd', winograd, [true, false, undefined]);
  expectSettings('openDevice.variants', variants, Object.keys(variants ?? {}));
  for (const [op, name] of Object.entries(variants))
    if (typeof name !== 'string')
      throw new ConfigError(`openDevice.variants.${op} is ${describe(name)}. Use the name of a variant.`);
}

/** How to wait for a promise of the device; the host may have a better way than to poll. */
export type Wait = <T>(promise: Promise<T>) => Promise<T>;

/** More devices of the same adapter. */
export interface Twins {
  /** How many, beside the first, the cores can keep busy. */
  readonly most: number;
  /** Opens one; whoever does disposes it. */
  open(): Promise<Device>;
}

/** What the place a device is opened in does for it. */
export interface Host {
  /** Told when the device is disposed. */
  readonly release?: () => void;
  /** How to wait for a software adapter, which needs the cores that waiting takes. */
  readonly waitSoftware?: Wait;
  readonly twins?: Twins;
}

const waitPlainly: Wait = (promise) => promise;

const wantedFeatures: readonly GPUFeatureName[] = [
  'shader-f16',
  'subgroups',
  'timestamp-query',
  MATRICES,
  SIZES,
];

/**
 * An opened WebGPU device: its abilities, its memory, and what it reported. `openDevice` opens one; dispose it at the end.
 * @example
 * const x = zeros(device, [4]);
 * await device.sync();
 * device.memory.liveBytes > 0; // true
 */
export class Device {
  readonly gpu: GPUDevice;
  readonly caps: Caps;
  readonly memory: Memory;
  /** What kernels found wrong with the values they read; thrown at sync points. */
  readonly faults: Faults;
  readonly options: DeviceOptions;
  /** Waits for a promise of WebGPU; every longer wait goes through here. */
  readonly wait: Wait;
  /** Missing where the host opens no more devices. */
  readonly twins: Twins | undefined;
  /** Set by the launch queue; whatever it holds is submitted before the host touches a buffer. */
  pending: PendingWork | undefined;
  /** The step that is being recorded, if one is: the host may not read. */
  recording: object | undefined;
  #error: Error | undefined;
  #lost: string | undefined;
  readonly #release: (() => void) | undefined;

  constructor(gpu: GPUDevice, caps: Caps, options: DeviceOptions, host: Host) {
    this.wait = (caps.software && host.waitSoftware) || waitPlainly;
    this.twins = host.twins;
    this.gpu = gpu;
    this.caps = caps;
    this.options = options;
    this.#release = host.release;
    this.memory = new Memory(
      gpu,
      (error) => this.#fail(error),
      () => this.pending?.flush(),
    );
    this.faults = new Faults(this);
    gpu.addEventListener('uncapturederror', (event) => {
      // thrown at the next sync point instead of printed
      event.preventDefault();
      this.#fail(new DeviceError(`WebGPU reported: ${event.error.message}`));
    });
    gpu.lost.then(
      (info) => {
        this.#lost ??= info.message || info.reason || 'unknown reason';
      },
      () => {},
    );
  }

  get lost(): boolean {
    return this.#lost !== undefined;
  }

  #fail(error: Error): void {
    this.#error ??= error;
  }

  /** Throws the first error the device reported since it was opened, or DeviceLostError once it is gone. */
  check(): void {
    if (this.#lost !== undefined) throw new DeviceLostError(this.#lost);
    if (this.#error) throw this.#error;
  }

  /** Forgets a reported error, after the caller has handled it (an out-of-memory batch, say). */
  clearError(): void {
    this.#error = undefined;
  }

  /** Throws CaptureError while a step is being recorded, on this device or another. */
  forbidInCapture(what: string, fix = 'Return the tensor from the step and read it after run().'): void {
    forbidInCapture(what, fix);
  }

  /** Submits recorded launches. */
  flush(): void {
    this.check();
    this.pending?.flush();
  }

  /**
   * Resolves when the device has finished all submitted work; throws what the device or its kernels reported.
   * @throws CaptureError inside a captured step, at the call
   */
  sync(): Promise<void> {
    this.forbidInCapture('sync() was called', 'Wait after run().');
    return this.#sync();
  }

  async #sync(): Promise<void> {
    this.flush();
    const encoder = this.gpu.createCommandEncoder();
    const expectNoFaults = this.faults.collect(encoder);
    if (expectNoFaults) this.gpu.queue.submit([encoder.finish()]);
    await this.#settle(this.gpu.queue.onSubmittedWorkDone(), expectNoFaults);
  }

  /** Waits for what the device was asked, and throws what was reported meanwhile. */
  async #settle(asked: Promise<unknown>, expectNoFaults: (() => Promise<void>) | undefined): Promise<void> {
    try {
      await this.wait(expectNoFaults ? Promise.all([asked, expectNoFaults()]) : asked);
    } finally {
      // What the device reported says more than what it makes of the promises.
      this.check();
    }
  }

  /** Writes bytes into a buffer after everything launched so far. */
  write(buffer: GPUBuffer, offset: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.flush();
    this.gpu.queue.writeBuffer(buffer, offset, padTo4(bytes));
  }

  /** Reads bytes after everything launched so far; the size is rounded up to 4. */
  read(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    this.forbidInCapture('A host read was attempted');
    return this.#read(buffer, offset, bytes);
  }

  async #read(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    return this.readLater(buffer, offset, bytes)();
  }

  /**
   * Copies bytes as everything launched so far leaves them, and gives a function that waits for the copy: more can be
   * launched between the two. The size is rounded up to 4. Waiting throws what kernels found wrong (`faults`).
   */
  readLater(buffer: GPUBuffer, offset: number, bytes: number): () => Promise<ArrayBuffer> {
    this.forbidInCapture('A host read was attempted');
    this.flush();
    const size = Math.ceil(bytes / 4) * 4;
    const staging = this.gpu.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = this.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
    const expectNoFaults = this.faults.collect(encoder);
    this.gpu.queue.submit([encoder.finish()]);
    return () => this.#take(staging, expectNoFaults);
  }

  /** Bytes of a staging buffer once they are there; destroys it. */
  async #take(staging: GPUBuffer, expectNoFaults?: () => Promise<void>): Promise<ArrayBuffer> {
    try {
      await this.#settle(staging.mapAsync(GPUMapMode.READ), expectNoFaults);
      return staging.getMappedRange().slice(0);
    } finally {
      staging.destroy();
    }
  }

  /** Ends the device; every tensor on it is gone. */
  dispose(): void {
    this.pending?.dispose();
    this.#lost ??= 'it was disposed';
    this.gpu.destroy();
    this.#release?.();
  }
}

function padTo4(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.byteLength % 4 === 0) return bytes;
  const padded = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4);
  padded.set(bytes);
  return padded;
}

/** Requests a device with every limit the adapter has and the features the engine can use. */
export async function deviceFrom(
  adapter: GPUAdapter,
  options: DeviceOptions = {},
  host: Host = {},
): Promise<Device> {
  const limits: Record<string, number> = {};
  for (const key in adapter.limits) {
    const value = adapter.limits[key as keyof GPUSupportedLimits];
    if (typeof value === 'number' && !/^min(?!StorageBuffer|UniformBuffer)/.test(key)) limits[key] = value;
  }
  const requiredFeatures = wantedFeatures.filter((feature) => adapter.features.has(feature));
  const gpu = await adapter.requestDevice({ requiredFeatures, requiredLimits: limits, label: 'planewise' });
  return new Device(gpu, capsOf(adapter, gpu), options, host);
}
