/** @file Ctrl-C: the first lets work be saved, the second ends the process at once. */
import { noteLines } from './output.ts';

/**
 * Runs `action` with a signal that the first Ctrl-C (or SIGTERM) aborts while `gentle()` says that there is something
 * to save; otherwise, and the second time, the process ends at once.
 */
export async function interruptible<T>(
  gentle: () => boolean,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted || !gentle()) process.exit(130);
    stop.abort();
    noteLines('\nStopping after this step, with a checkpoint. Press Ctrl-C again to stop at once.');
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await action(stop.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}
