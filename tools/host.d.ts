/** @file Types of the place the library runs in: the program's own where it has them (lib DOM, @webgpu/types, @types/node), else the least the library needs. */

type Global<Name extends PropertyKey, Otherwise> = typeof globalThis extends {
  readonly [K in Name]: { readonly prototype: infer Found };
}
  ? Found
  : Otherwise;

interface Labelled {
  label: string;
}

interface Destroyable extends Labelled {
  destroy(): void;
}

interface MinimalDevice extends Destroyable {
  readonly features: { has(name: string): boolean };
  readonly limits: object;
  readonly lost: Promise<{ readonly message: string; readonly reason: string }>;
}

interface MinimalBuffer extends Destroyable {
  readonly size: number;
  readonly usage: number;
}

interface MinimalSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
}

interface MinimalBlob {
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
  slice(start?: number, end?: number): MinimalBlob;
}

export type GPUAdapter = Global<'GPUAdapter', object>;
export type GPUAdapterInfo = Global<'GPUAdapterInfo', object>;
export type GPUBindGroup = Global<'GPUBindGroup', Labelled>;
export type GPUBindGroupLayout = Global<'GPUBindGroupLayout', Labelled>;
export type GPUBuffer = Global<'GPUBuffer', MinimalBuffer>;
export type GPUCommandEncoder = Global<'GPUCommandEncoder', Labelled>;
export type GPUComputePassEncoder = Global<'GPUComputePassEncoder', Labelled>;
export type GPUComputePipeline = Global<'GPUComputePipeline', Labelled>;
export type GPUDevice = Global<'GPUDevice', MinimalDevice>;
/** No value has this name, so that a program's own cannot be told. */
export type GPUFeatureName = string;
export type GPUQuerySet = Global<'GPUQuerySet', Destroyable>;
export type GPUQueue = Global<'GPUQueue', Labelled>;
export type GPUShaderModule = Global<'GPUShaderModule', Labelled>;
export type GPUSupportedLimits = Global<'GPUSupportedLimits', object>;
export type AbortSignal = Global<'AbortSignal', MinimalSignal>;
export type Blob = Global<'Blob', MinimalBlob>;
