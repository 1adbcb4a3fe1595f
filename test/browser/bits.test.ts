import { expect, it } from 'vitest';
import { commands } from 'vitest/browser';
import { workload } from './workload.ts';

declare module 'vitest/browser' {
  interface BrowserCommands {
    workloadInNode(): Promise<number[]>;
  }
}

it('the same bits in Node and in Chromium', async () => {
  const [here, there] = [await workload(), await commands.workloadInNode()];
  expect(here.length).toBeGreaterThan(0);
  expect(new Set(here).size, 'distinct values').toBeGreaterThan(here.length / 2);
  expect(here).toEqual(there);
});
