/** @file Where a training step's time goes. */
import { type ProfileRow, type ProfileSpan, profileOf, traceStep } from '../autograd/profile.ts';
import type { CapturedStep, StepOutputs } from '../autograd/step.ts';

export interface StepProfile {
  /** Mean of the profiled runs, by kernel. */
  readonly rows: readonly ProfileRow[];
  /** Every launch of the last of them. */
  readonly spans: readonly ProfileSpan[];
}

const PROFILED_RUNS = 3;

/** Runs a step a few times more. @throws DeviceError where the adapter has no timestamps */
export async function stepProfileOf(step: CapturedStep<StepOutputs>): Promise<StepProfile> {
  await traceStep(step);
  const traces: ProfileSpan[][] = [];
  for (let run = 0; run < PROFILED_RUNS; run++) traces.push(await traceStep(step));
  return { rows: profileOf(traces.flat(), PROFILED_RUNS), spans: traces.at(-1)! };
}
