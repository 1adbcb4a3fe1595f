/**
 * @file The devices that are compiled for: how Mesa's driver is told of one that is not there, and the published figures
 * of a card with that chip, which the model reckons with.
 */

/** Published or, with ≈, rounded from public microbenchmarks. */
export interface Hardware {
  readonly card: string;
  /** Multiprocessors, compute units or cores: each holds whole workgroups. */
  readonly units: number;
  /** Multiply-adds in f32 that a unit does a cycle. */
  readonly lanes: number;
  /** Hz. */
  readonly clock: number;
  /** Bytes a second, of memory and ≈ of the cache that all units share. */
  readonly memory: number;
  readonly cache: number;
  /** Multiply-adds a second of f16 matrices with sums in f32, dense; as f32 where there are no matrix units. */
  readonly matrices: number;
  /** Invocations that a unit holds at most. */
  readonly resident: number;
  /** Seconds ≈ of a load from memory, and from one launch to the next in one pass. */
  readonly latency: number;
  readonly launch: number;
}

export interface Target {
  /** As the driver is told: `nv:0x180`. */
  readonly id: string;
  readonly title: string;
  /** Of the file in which the Vulkan loader finds the driver, and of the library that stands in for the kernel's. */
  readonly driver: string;
  readonly shim: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly hardware: Hardware;
}

const nvidia = (chip: string) => ({
  id: `nv:${chip}`,
  driver: 'nouveau',
  shim: 'nouveau',
  environment: { NOUVEAU_CHIPSET: chip, NVK_I_WANT_A_BROKEN_VULKAN_DRIVER: '1' },
});

/** By the name on the command line. */
export const targets = {
  hopper: {
    ...nvidia('0x180'),
    title: 'Hopper',
    hardware: {
      card: 'H100 SXM',
      units: 132,
      lanes: 128,
      clock: 1.98e9,
      memory: 3.35e12,
      cache: 5.5e12,
      matrices: 495e12,
      resident: 2048,
      latency: 700e-9,
      launch: 2e-6,
    },
  },
  ada: {
    ...nvidia('0x192'),
    title: 'Ada',
    hardware: {
      card: 'RTX 4090',
      units: 128,
      lanes: 128,
      clock: 2.52e9,
      memory: 1.008e12,
      cache: 5e12,
      matrices: 82e12,
      resident: 1536,
      latency: 600e-9,
      launch: 2e-6,
    },
  },
  rdna3: {
    id: 'amd:navi31',
    title: 'RDNA 3',
    driver: 'radeon',
    shim: 'amdgpu',
    environment: { AMDGPU_GPU_ID: 'navi31' },
    // without its second issue of f32, which few instructions find a pair for
    hardware: {
      card: 'RX 7900 XTX',
      units: 96,
      lanes: 64,
      clock: 2.5e9,
      memory: 960e9,
      cache: 3e12,
      matrices: 61e12,
      resident: 2048,
      latency: 600e-9,
      launch: 2e-6,
    },
  },
  m1: {
    id: 'asahi',
    title: 'Apple M1',
    driver: 'asahi',
    shim: 'asahi',
    environment: {},
    hardware: {
      card: 'M1, 8 cores',
      units: 8,
      lanes: 128,
      clock: 1.278e9,
      memory: 68e9,
      cache: 0.3e12,
      matrices: 1.3e12,
      resident: 1024,
      latency: 500e-9,
      launch: 3e-6,
    },
  },
  adreno730: {
    id: 'tu:730',
    title: 'Adreno 730',
    driver: 'freedreno',
    shim: 'freedreno',
    environment: { FD_GPU_ID: '730' },
    hardware: {
      card: 'Snapdragon 8 Gen 1',
      units: 4,
      lanes: 256,
      clock: 0.818e9,
      memory: 51e9,
      cache: 0.2e12,
      matrices: 0.8e12,
      resident: 2048,
      latency: 800e-9,
      launch: 5e-6,
    },
  },
} as const satisfies Record<string, Target>;

export type TargetName = keyof typeof targets;
export const targetNames = Object.keys(targets) as TargetName[];
