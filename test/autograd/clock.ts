/** @file A clock that stands still but for what the launches of captured steps are said to take. */
import { vi } from 'vitest';
import { CapturedStep, type StepOutputs } from '../../src/autograd/step.ts';
import type { Launch } from '../../src/kernels/launch/queue.ts';

const { run } = CapturedStep.prototype;

/** Milliseconds, until `vi.restoreAllMocks`; `cost` gives those of a launch. */
export function clockOf(cost: (launch: Launch) => number): () => number {
  let time = 0;
  vi.spyOn(CapturedStep.prototype, 'run').mockImplementation(function (
    this: CapturedStep<StepOutputs>,
    ...args
  ) {
    for (const { launch } of this.launches) time += cost(launch);
    run.apply(this, args);
  });
  return () => time;
}
