/** @file The device: an opened WebGPU device with its capabilities, memory, sticky errors and the lost latch. */
import { CaptureError, DeviceError, DeviceLostError } from './errors.ts';
import { Memory } from './memory.ts';

/** What kernels choose their variant by. */
export interface Caps {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** Runs on the CPU: few lanes, loads as dear as many multiply-adds, no use for workgroup memory. */
  readonly software: boolean;
  readonly f16: boolean;
  /** Multiplies 16×16 matrices of f16 into f32 across a subgroup of 32; only where a Node process asks for it. */
  readonly matrices: boolean;
  readonly timestamps: boolean;
  /** Size of every subgroup, or 0 where subgroups are missing or of varying size. */
  readonly subgroupSize: number;
  /** Invocations in a workgroup of an element-wise kernel. */
  readonly workgroup: number;
  /** Compiles a pipeline when it is first dispatched, not when it is made: Mesa's software driver. */
  readonly compilesLate: boolean;
}

/** What the engine asks of whoever records launches (src/kernels/queue.ts). */
export interface PendingWork {
  flush(): void;
  dispose(): void;
}

export interface DeviceOptions {
  /** Op name → variant name, to force a kernel variant. */
  readonly variants?: Readonly<Record<string, string>>;
  /** Whether convolutions may take Winograd's form, which errs more than a direct sum (src/kernels/winograd.ts); default yes. */
  readonly winograd?: boolean;
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

/** Chromium's own, not yet part of WebGPU. */
const MATRICES = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;
const wantedFeatures: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query', MATRICES];

export class Device {
  readonly gpu: GPUDevice;
  readonly caps: Caps;
  readonly memory: Memory;
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

  /** Throws CaptureError while a step is being recorded. */
  forbidInCapture(what: string): void {
    if (this.recording) {
      throw new CaptureError(
        `${what} inside a captured step. Return the tensor from the step and read it after run().`,
      );
    }
  }

  /** Submits recorded launches. */
  flush(): void {
    this.check();
    this.pending?.flush();
  }

  /** Resolves when the device has finished all submitted work; throws what the device reported. */
  async sync(): Promise<void> {
    this.flush();
    await this.wait(this.gpu.queue.onSubmittedWorkDone());
    this.check();
  }

  /** Writes bytes into a buffer after everything launched so far. */
  write(buffer: GPUBuffer, offset: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.flush();
    this.gpu.queue.writeBuffer(buffer, offset, padTo4(bytes));
  }

  /** Reads bytes after everything launched so far; the size is rounded up to 4. */
  async read(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    return this.readLater(buffer, offset, bytes)();
  }

  /**
   * Copies bytes as everything launched so far leaves them, and gives a function that waits for the copy: more can be
   * launched between the two. The size is rounded up to 4.
   */
  readLater(buffer: GPUBuffer, offset: number, bytes: number): () => Promise<ArrayBuffer> {
    this.flush();
    const size = Math.ceil(bytes / 4) * 4;
    const staging = this.gpu.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = this.gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
    this.gpu.queue.submit([encoder.finish()]);
    return () => this.#take(staging);
  }

  /** Bytes of a staging buffer once they are there; destroys it. */
  async #take(staging: GPUBuffer): Promise<ArrayBuffer> {
    try {
      await this.wait(staging.mapAsync(GPUMapMode.READ));
      this.check();
      return staging.getMappedRange().slice(0);
    } catch (error) {
      this.check();
      throw error;
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

interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

function hasMatrices(info: GPUAdapterInfo, { features }: GPUDevice): boolean {
  const { subgroupMatrixConfigs = [] } = info as { subgroupMatrixConfigs?: Iterable<MatrixConfig> };
  const fits = ({ componentType, resultComponentType, M, N, K }: MatrixConfig) =>
    componentType === 'f16' && resultComponentType === 'f32' && M === 16 && N === 16 && K === 16;
  return features.has(MATRICES) && features.has('shader-f16') && [...subgroupMatrixConfigs].some(fits);
}

function capsOf(adapter: GPUAdapter, device: GPUDevice): Caps {
  const { info } = adapter;
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  const software = /swiftshader|llvmpipe|lavapipe|basic render|warp/i.test(names);
  const min = info.subgroupMinSize ?? 0;
  const fixedSubgroup = device.features.has('subgroups') && min === info.subgroupMaxSize;
  return {
    vendor: info.vendor,
    architecture: info.architecture,
    description: info.description || info.device || info.vendor || 'unnamed adapter',
    software,
    f16: device.features.has('shader-f16'),
    matrices: min === 32 && fixedSubgroup && hasMatrices(info, device),
    timestamps: device.features.has('timestamp-query'),
    subgroupSize: fixedSubgroup ? min : 0,
    workgroup: software ? 16 : 256,
    compilesLate: /llvmpipe|lavapipe/i.test(names),
  };
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
