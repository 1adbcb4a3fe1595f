import { describe, expect, it } from 'vitest';
import { capsOf } from '../../src/tensor/caps.ts';

interface Described {
  readonly lanes: readonly [min: number, max: number];
  /** [component, result, M, N, K] */
  readonly configs: readonly (readonly [string, string, number, number, number])[];
  readonly without?: string;
  /** Bytes of workgroup memory. */
  readonly storage?: number;
}

const sums16 = ['f16', 'f32', 16, 16, 16] as const;
const sums8 = ['f16', 'f32', 8, 8, 8] as const;

/** What the capabilities of an adapter say of its matrix units. */
function matricesOf({ lanes: [min, max], configs, without, storage = 32768 }: Described) {
  const all = ['chromium-experimental-subgroup-matrix', 'shader-f16', 'subgroups', 'subgroup-size-control'];
  const info = {
    ...{ vendor: '', architecture: '', device: '', description: '' },
    subgroupMinSize: min,
    subgroupMaxSize: max,
    subgroupMatrixConfigs: configs.map(([componentType, resultComponentType, M, N, K]) => ({
      componentType,
      resultComponentType,
      M,
      N,
      K,
    })),
  };
  const features = new Set(all.filter((name) => name !== without));
  const device = { features, limits: { maxComputeWorkgroupStorageSize: storage } };
  return capsOf({ info } as unknown as GPUAdapter, device as unknown as GPUDevice).matrices;
}

describe('matrix units', () => {
  it('are those of 16×16 by 32 lanes where they can be had', () => {
    const wanted = { side: 16, lanes: 32, sized: false };
    // NVIDIA, which has others beside them
    const others = [['i8', 'i32', 16, 16, 32] as const, ['f16', 'f16', 16, 16, 16] as const];
    expect(matricesOf({ lanes: [32, 32], configs: [...others, sums8, sums16] })).toEqual(wanted);
    expect(matricesOf({ lanes: [32, 32], configs: [sums16], without: 'subgroup-size-control' })).toEqual(
      wanted,
    );
    // RDNA 3
    expect(matricesOf({ lanes: [32, 64], configs: [sums16] })).toEqual({ ...wanted, sized: true });
  });

  it('are those of 8×8 by as many lanes as there always are, else', () => {
    // Apple's, lavapipe
    for (const lanes of [32, 8, 4])
      expect(matricesOf({ lanes: [lanes, lanes], configs: [sums8] })).toEqual({
        side: 8,
        lanes,
        sized: false,
      });
  });

  it('are none that the kernels cannot use', () => {
    expect(matricesOf({ lanes: [32, 32], configs: [] })).toBe(null);
    expect(matricesOf({ lanes: [32, 32], configs: [['f16', 'f16', 16, 16, 16]] })).toBe(null);
    expect(matricesOf({ lanes: [8, 32], configs: [['f16', 'f32', 8, 16, 16]] })).toBe(null);
    expect(matricesOf({ lanes: [32, 64], configs: [sums16], without: 'subgroup-size-control' })).toBe(null);
    expect(matricesOf({ lanes: [32, 32], configs: [sums16], storage: 16384 })).toBe(null);
    expect(matricesOf({ lanes: [64, 64], configs: [sums16, sums8] })).toBe(null);
    expect(matricesOf({ lanes: [8, 16], configs: [sums8] })).toBe(null);
    for (const without of ['chromium-experimental-subgroup-matrix', 'shader-f16', 'subgroups'])
      expect(matricesOf({ lanes: [32, 32], configs: [sums16, sums8], without })).toBe(null);
  });
});
