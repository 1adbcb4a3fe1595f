import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Pace } from '../../src/train/pace.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A device whose bursts are done `seconds` after they were launched; says for how long it was polled. */
async function settle(pace: Pace, steps: number, seconds: number): Promise<{ polled: number; took: number }> {
  const started = performance.now();
  pace.start();
  let polled = 0;
  const done = pace.settle(steps, async () => {
    const asked = performance.now();
    const left = Math.max(0, 1000 * seconds - (asked - started));
    await new Promise((resolve) => setTimeout(resolve, left));
    polled = (performance.now() - asked) / 1000;
  });
  await vi.runAllTimersAsync();
  await done;
  return { polled, took: (performance.now() - started) / 1000 };
}

it('sleeps through nine tenths of a steady burst, and fills a quarter of a second with steps', async () => {
  const pace = new Pace();
  expect(pace.burst).toBe(1);
  // The first burst compiles, and must not make the second one wait.
  expect(await settle(pace, 1, 3)).toEqual({ polled: 3, took: 3 });
  expect((await settle(pace, 1, 0.1)).polled).toBeCloseTo(0.1, 3);
  expect(pace.burst).toBe(2);
  for (let burst = 0; burst < 20; burst++) {
    const { polled, took } = await settle(pace, 2, 0.2);
    expect(took).toBeCloseTo(0.2, 2);
    expect(polled).toBeLessThan(0.025);
  }
});

it('does not go on sleeping when steps become faster', async () => {
  const pace = new Pace();
  for (let burst = 0; burst < 3; burst++) await settle(pace, 1, 1);
  const taken: number[] = [];
  for (let burst = 0; burst < 6; burst++) taken.push((await settle(pace, 1, 0.05)).took);
  expect(taken.at(-1)).toBeCloseTo(0.05, 2);
});
