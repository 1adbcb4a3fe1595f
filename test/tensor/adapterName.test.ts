/** @file What adapters are called, by what Dawn and Chrome tell of them. */
import { describe, expect, it } from 'vitest';
import { adapterName, hasStackedMemory, isSoftware } from '../../src/tensor/caps.ts';

const info = (vendor: string, architecture: string, device: string, description: string) => ({
  ...{ vendor, architecture, device, description },
});

describe('adapterName', () => {
  it('names a GPU, and its driver', () => {
    expect(
      adapterName(info('amd', 'rdna-3', 'amd-radeon-rx-7900-xtx-radv-navi31-', 'radv: Mesa 26.2.6-1')),
    ).toBe('amd-radeon-rx-7900-xtx-radv-navi31 (radv: Mesa 26.2.6-1)');
    expect(adapterName(info('mesa', 'software', 'apple-m1-g13g-a0-', 'Honeykrisp: Mesa 26.2.6-1'))).toBe(
      'apple-m1-g13g-a0 (Honeykrisp: Mesa 26.2.6-1)',
    );
    expect(adapterName(info('nvidia', 'hopper', 'nvidia-h100', ''))).toBe('nvidia-h100');
  });

  it('takes what there is where browsers tell less', () => {
    expect(adapterName(info('apple', 'metal-3', '', ''))).toBe('apple metal-3');
    expect(adapterName(info('apple', 'metal-3', '', 'Metal driver on macOS'))).toBe('Metal driver on macOS');
    expect(adapterName(info('', '', '', ''))).toBe('unnamed adapter');
  });

  it('names software by its driver alone', () => {
    const lavapipe = info('mesa', 'software', 'llvmpipe-llvm-15-256-bits-', 'llvmpipe: Mesa 25.0.7');
    expect(adapterName(lavapipe)).toBe('llvmpipe: Mesa 25.0.7');
    expect(isSoftware(lavapipe)).toBe(true);
    expect(isSoftware(info('google', 'swiftshader', '', 'SwiftShader driver'))).toBe(true);
    // Honeykrisp calls its hardware so
    expect(isSoftware(info('mesa', 'software', 'apple-m1-g13g-a0-', 'Honeykrisp'))).toBe(false);
  });
});

describe('hasStackedMemory', () => {
  it.each([
    ...[
      'NVIDIA H100 80GB HBM3',
      'NVIDIA H200',
      'NVIDIA A100-SXM4-40GB',
      'Tesla V100-SXM2-16GB',
      'NVIDIA A30',
    ],
    ...['NVIDIA GH200 480GB', 'NVIDIA B200', 'NVIDIA GB300', 'AMD Instinct MI300X', 'AMD Instinct MI250'],
  ])('is so of %s', (name) => expect(hasStackedMemory(name)).toBe(true));

  it.each([
    ...[
      'NVIDIA GeForce RTX 4090',
      'NVIDIA RTX A3000 Laptop GPU',
      'NVIDIA A10',
      'NVIDIA A40',
      'NVIDIA L40S',
      'Tesla T4',
    ],
    ...[
      'AMD Radeon RX 7900 XTX (RADV NAVI31)',
      'Apple M1',
      'Intel(R) Arc(tm) B580 Graphics',
      'NVIDIA GeForce 8800 GT',
      '',
    ],
  ])('is not so of “%s”', (name) => expect(hasStackedMemory(name)).toBe(false));
});
