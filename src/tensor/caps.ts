/** @file What an adapter can do, as far as kernels choose by it. */

/** Products of square matrices that a subgroup computes at once, f16 into f32. */
export interface Matrices {
  /** Rows, columns and terms of one. */
  readonly side: 8 | 16;
  /** Lanes of the subgroup. */
  readonly lanes: number;
  /** Whether shaders must ask for subgroups of so many lanes, because others occur. */
  readonly sized: boolean;
}

/** What kernels choose their variant by. */
export interface Caps {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** Runs on the CPU: few lanes, loads as dear as many multiply-adds, no use for workgroup memory. */
  readonly software: boolean;
  readonly f16: boolean;
  /** How its matrix units multiply; null where there are none, and unless a Node process asks for them. */
  readonly matrices: Matrices | null;
  readonly timestamps: boolean;
  /** Size of every subgroup, or 0 where subgroups are missing or of varying size. */
  readonly subgroupSize: number;
  /** Invocations in a workgroup of an element-wise kernel. */
  readonly workgroup: number;
  /** Bytes of a buffer that one binding may show a shader. */
  readonly maxBinding: number;
  /** A GPU whose memory is stacked on it (HBM): it brings twice to four times the bytes for each operation. */
  readonly stackedMemory: boolean;
  /** Compiles a pipeline when it is first dispatched, not when it is made: Mesa's software driver. */
  readonly compilesLate: boolean;
}

/** Chromium's own, not yet part of WebGPU. */
export const MATRICES = 'chromium-experimental-subgroup-matrix' as GPUFeatureName;

/** Lets a shader say how many lanes its subgroups have. */
export const SIZES = 'subgroup-size-control' as GPUFeatureName;

interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** Lanes of a subgroup: the least and the most. */
type Lanes = readonly [min: number, max: number];

/** Bytes of workgroup memory that kernels for matrices of 16×16 take. */
const STORAGE_16 = 25600;

/** 16×16 by 32 lanes where subgroups have or can be asked to have them, else 8×8 by however many they always have. */
function matricesOf(
  info: GPUAdapterInfo,
  { features, limits }: GPUDevice,
  [min, max]: Lanes,
): Matrices | null {
  const { subgroupMatrixConfigs = [] } = info as { subgroupMatrixConfigs?: Iterable<MatrixConfig> };
  if (![MATRICES, 'shader-f16', 'subgroups'].every((name) => features.has(name))) return null;
  const sums = [...subgroupMatrixConfigs].filter(
    ({ componentType, resultComponentType }) => componentType === 'f16' && resultComponentType === 'f32',
  );
  const has = (side: number) => sums.some(({ M, N, K }) => M === side && N === side && K === side);
  const fixed = min === max;
  const roomy = limits.maxComputeWorkgroupStorageSize >= STORAGE_16;
  if (has(16) && roomy && min <= 32 && max >= 32 && (fixed || features.has(SIZES)))
    return { side: 16, lanes: 32, sized: !fixed };
  if (has(8) && fixed && min >= 4 && min <= 32) return { side: 8, lanes: min, sized: false };
  return null;
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

const STACKED = /\b(P100|V100|A30|A100|A800|H20|[GH]?H[128]00|G?B[123]00|MI\d+[AX]?)\b/i;

/** Whether memory is stacked on the GPU of this name, which browsers do not tell. */
export function hasStackedMemory(name: string): boolean {
  return STACKED.test(name);
}

/** The capabilities of a device opened on an adapter. */
export function capsOf(adapter: GPUAdapter, device: GPUDevice): Caps {
  const { info } = adapter;
  const software = isSoftware(info);
  const { subgroupMinSize: min = 0, subgroupMaxSize: max = 0 } = info;
  const fixedSubgroup = device.features.has('subgroups') && min === max;
  return {
    vendor: info.vendor,
    architecture: info.architecture,
    description: adapterName(info),
    software,
    f16: device.features.has('shader-f16'),
    matrices: matricesOf(info, device, [min, max]),
    timestamps: device.features.has('timestamp-query'),
    subgroupSize: fixedSubgroup ? min : 0,
    workgroup: software ? 16 : 256,
    maxBinding: device.limits.maxStorageBufferBindingSize,
    stackedMemory: !software && hasStackedMemory(info.device),
    compilesLate: /llvmpipe|lavapipe/i.test(namesOf(info)),
  };
}
