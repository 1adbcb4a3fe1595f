/** @file What an adapter can do, as far as kernels choose by it. */

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

/** Chromium's own, not yet part of WebGPU. */
export const MATRICES = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;

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

/** What of a GPUAdapterInfo is its name. */
interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
}

const namesOf = ({ vendor, architecture, device, description }: AdapterInfo): string =>
  `${vendor} ${architecture} ${device} ${description}`;

/** Whether an adapter computes on the processor's cores. */
export const isSoftware = (info: AdapterInfo): boolean =>
  /swiftshader|llvmpipe|lavapipe|basic render|warp/i.test(namesOf(info));

/**
 * What people call an adapter: its device, and the driver, which is what a description is of in Dawn (`radv: Mesa
 * 26.2.6-1`). Software has no device but its driver; browsers may tell neither.
 */
export function adapterName(info: AdapterInfo): string {
  const device = info.device.replace(/-+$/, '');
  const kind = `${info.vendor} ${info.architecture}`.trim();
  if (isSoftware(info) || !device) return info.description || device || kind || 'unnamed adapter';
  return info.description ? `${device} (${info.description})` : device;
}

/** The capabilities of a device opened on an adapter. */
export function capsOf(adapter: GPUAdapter, device: GPUDevice): Caps {
  const { info } = adapter;
  const software = isSoftware(info);
  const min = info.subgroupMinSize ?? 0;
  const fixedSubgroup = device.features.has('subgroups') && min === info.subgroupMaxSize;
  return {
    vendor: info.vendor,
    architecture: info.architecture,
    description: adapterName(info),
    software,
    f16: device.features.has('shader-f16'),
    matrices: min === 32 && fixedSubgroup && hasMatrices(info, device),
    timestamps: device.features.has('timestamp-query'),
    subgroupSize: fixedSubgroup ? min : 0,
    workgroup: software ? 16 : 256,
    compilesLate: /llvmpipe|lavapipe/i.test(namesOf(info)),
  };
}
