/** @file What the page shows of a run. */
import { expect, it } from 'vitest';
import { stepShown } from '../../web/protocol/training.ts';

it('a run is as far as its log while it trains, as its checkpoint once it was cut off, and as it got where it failed', () => {
  const far = (state: 'running' | 'paused' | 'finished' | 'failed', step: number) =>
    stepShown({ state, step }, 6);
  expect([far('running', 0), far('running', 4)]).toEqual([6, 6]);
  expect([far('paused', 0), far('paused', 4)]).toEqual([0, 4]);
  expect([far('failed', 0), far('failed', 4), far('finished', 60)]).toEqual([6, 4, 60]);
});
