/** @file The profile of a training step as a file of the run. */
import { chromeTrace } from '../autograd/profile.ts';
import type { TrainOptions } from './events.ts';
import type { Batches } from './losses.ts';
import { writeText } from './runfiles.ts';
import type { Trainer } from './trainer.ts';

/** In the format of chrome://tracing and Perfetto. */
export const traceFile = 'trace.json';

/** Profiles steps on batches, which trains on, and writes and tells what came out; where the adapter cannot, warns. */
export async function writeProfile(
  { device, files, onProgress = () => {} }: TrainOptions,
  trainer: Trainer,
  batches: Batches,
): Promise<void> {
  if (!device.caps.timestamps) {
    const message = 'This adapter has no timestamps (timestamp-query), so there is no profile.';
    onProgress({ kind: 'warning', message });
    return;
  }
  const { rows, spans } = await trainer.profile(batches);
  await writeText(files, traceFile, chromeTrace(spans, `training step on ${device.caps.description}`));
  onProgress({ kind: 'profile', rows });
}
