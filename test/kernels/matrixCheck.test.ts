import { beforeAll, describe, expect, it, vi } from 'vitest';
import { correlationVariants } from '../../src/kernels/conv/correlate.ts';
import { gatherVariants } from '../../src/kernels/conv/gather.ts';
import { matricesAgree } from '../../src/kernels/conv/matrixCheck.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';

vi.setConfig({ testTimeout: 120_000 });

type Named = { readonly name: string; launch: (...args: never[]) => void };
const named = (list: readonly unknown[], name: string): Named =>
  (list as readonly Named[]).find((one) => one.name === name)!;

describe('the check of matrix units', () => {
  const device = useDevice();
  if (!hasHalf) {
    it('is left out without f16, for which there are no matrix units', () => {
      expect(device().caps.matrices).toBeNull();
    });
    return;
  }

  const lists = { convolution: gatherVariants, 'weight’s gradient': correlationVariants } as const;
  /** Another form in place of that on matrix units, which no adapter here need have. */
  beforeAll(() => {
    for (const list of Object.values(lists))
      vi.spyOn(named(list, 'matrix'), 'launch').mockImplementation(named(list, 'gemm').launch);
  });

  it('says yes where results are the other kernels’', async () => {
    expect(await matricesAgree(device())).toBe(true);
  });

  it.each(Object.entries(lists))('says no where a %s is not written, or refused', async (_, list) => {
    const spy = vi.spyOn(named(list, 'matrix'), 'launch');
    const before = spy.getMockImplementation()!;
    spy.mockImplementation(() => {});
    expect(await matricesAgree(device())).toBe(false);
    spy.mockImplementation(() => {
      throw new Error('refused');
    });
    expect(await matricesAgree(device())).toBe(false);
    spy.mockImplementation(before);
    expect(await matricesAgree(device())).toBe(true);
  });
});
