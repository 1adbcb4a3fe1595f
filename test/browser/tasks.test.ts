import { expect, it } from 'vitest';
import { commands } from 'vitest/browser';
import { slow } from '../slow.ts';
import { type TaskResult, trainedTasks } from './tasks.ts';

declare module 'vitest/browser' {
  interface BrowserCommands {
    tasksInNode(): Promise<TaskResult[]>;
  }
}

it.runIf(slow)(
  '20 training steps of every task give the same bits in Node and in Chromium',
  async () => {
    const [here, there] = await Promise.all([trainedTasks(), commands.tasksInNode()]);
    for (const [i, own] of here.entries()) {
      expect(own.losses).toHaveLength(20);
      expect(there[i], own.task).toEqual(own);
    }
    expect(there).toHaveLength(here.length);
  },
  600_000,
);
