import { expect, it } from 'vitest';
import { commands } from 'vitest/browser';
import { type WorkloadResult, workload } from './workload.ts';

declare module 'vitest/browser' {
  interface BrowserCommands {
    workloadInNode(): Promise<WorkloadResult>;
  }
}

it('20 training steps give the same bits in Node and in Chromium', async () => {
  const here = await workload();
  const there = await commands.workloadInNode();
  const losses = new Float32Array(Uint32Array.from(here.losses).buffer);
  expect(losses).toHaveLength(20);
  expect(losses.at(-1), 'the loss falls').toBeLessThan(losses[0]!);
  expect(there.losses).toEqual(here.losses);
  const differing = here.weights.filter((bits, i) => bits !== there.weights[i]);
  expect([differing.length, there.weights.length]).toEqual([0, here.weights.length]);
}, 180_000);
