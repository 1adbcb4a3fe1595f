import { describe, expect, it } from 'vitest';
import { restfully } from '../../src/tensor/rest.node.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('restfully', () => {
  it('gives what the promise gives, also when it fails', async () => {
    expect(await restfully(turn().then(() => 7))).toBe(7);
    await expect(restfully(turn().then(() => Promise.reject(new Error('lost'))))).rejects.toThrow('lost');
  });

  it('sleeps once a turn, however many waits came before', async () => {
    const sleeps: number[] = [];
    const { wait } = Atomics;
    Atomics.wait = ((...call: Parameters<typeof wait>) => {
      sleeps.push(0);
      return wait(...call);
    }) as typeof wait;
    try {
      for (let i = 0; i < 20; i++) await restfully(Promise.resolve());
      const last = restfully(turn().then(turn).then(turn));
      sleeps.length = 0;
      await last;
    } finally {
      Atomics.wait = wait;
    }
    expect(sleeps.length).toBeGreaterThan(0);
    expect(sleeps.length).toBeLessThan(6);
  });
});
