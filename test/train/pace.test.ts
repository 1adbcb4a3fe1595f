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

it('sleeps through nine tenths of a steady burst, and fills an eighth of a second with steps', async () => {
  const pace = new Pace();
  expect(pace.burst).toBe(1);
  // The first burst compiles, and must not make the second one wait.
  expect(await settle(pace, 1, 3)).toEqual({ polled: 3, took: 3 });
  expect((await settle(pace, 1, 0.05)).polled).toBeCloseTo(0.05, 3);
  expect(pace.burst).toBe(2);
  for (let burst = 0; burst < 20; burst++) {
    const { polled, took } = await settle(pace, 2, 0.1);
    expect(took).toBeCloseTo(0.1, 2);
    expect(polled).toBeLessThan(0.015);
  }
});

/** A device that works off one burst after another, the n-th in `msOf(n)`, with one queued while one is waited for. */
async function queued(
  pace: Pace,
  bursts: number,
  msOf: (burst: number) => number,
): Promise<{ idleMs: number[]; polledMs: number[] }> {
  const [idleMs, polledMs]: [number[], number[]] = [[], []];
  let freeAt = performance.now();
  const launch = (): number => {
    pace.start();
    const now = performance.now();
    idleMs.push(Math.max(0, now - freeAt));
    freeAt = Math.max(freeAt, now) + msOf(idleMs.length - 1);
    return freeAt;
  };
  const finishing = async (at: number): Promise<void> => {
    const left = Math.max(0, at - performance.now());
    polledMs.push(left);
    await new Promise((resolve) => setTimeout(resolve, left));
  };
  const run = async (): Promise<void> => {
    let done = launch();
    for (let burst = 0; burst < bursts; burst++) {
      const ahead = launch();
      await pace.settle(1, () => finishing(done));
      done = ahead;
    }
  };
  const running = run();
  await vi.runAllTimersAsync();
  await running;
  return { idleMs, polledMs };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

it('sleeps through most of each burst while another is queued, and never lets the device run dry', async () => {
  const pace = new Pace();
  const { idleMs, polledMs } = await queued(pace, 40, () => 100);
  expect(sum(idleMs)).toBe(0);
  expect(sum(polledMs.slice(10)) / 30).toBeLessThan(15);
  expect(pace.took).toBeCloseTo(0.1, 2);
});

it('leaves a device idle for less than a burst after slow ones at the start', async () => {
  const { idleMs, polledMs } = await queued(new Pace(), 60, (burst) => (burst < 3 ? 200 : 100));
  expect(sum(idleMs)).toBeLessThan(100);
  expect(sum(polledMs.slice(30)) / 30).toBeLessThan(15);
});

it('does not go on sleeping when steps become faster', async () => {
  const pace = new Pace();
  for (let burst = 0; burst < 3; burst++) await settle(pace, 1, 1);
  const taken: number[] = [];
  for (let burst = 0; burst < 6; burst++) taken.push((await settle(pace, 1, 0.05)).took);
  expect(taken.at(-1)).toBeCloseTo(0.05, 2);
});
