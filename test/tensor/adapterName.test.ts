/** @file What adapters are called, by what Dawn and Chrome tell of them. */
import { describe, expect, it } from 'vitest';
import { adapterName, isSoftware } from '../../src/tensor/caps.ts';

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
