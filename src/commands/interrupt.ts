/** @file Ctrl-C: the first lets work be saved, the second ends the process at once. */
import { noteLines } from './output.ts';

/** A terminal that is gone takes no words; that must not end what is being saved. */
const ignore = (): void => {};

/**
 * Runs `action` with a signal that the first Ctrl-C (or SIGTERM, or a terminal that closes) aborts while `gentle()` says
 * that there is something to save; otherwise, and the second time, the process ends at once. A closing terminal is no
 * second time: shell and system each tell of it.
 * @param ended what is said where there is nothing to save: how to go on
 */
export async function interruptible<T>(
  gentle: () => boolean,
  action: (signal: AbortSignal) => Promise<T>,
  ended: () => string,
): Promise<T> {
  const stop = new AbortController();
  const stopAfter = (words: string): void => {
    if (!gentle()) {
      noteLines(`\n${ended()}`);
      process.exit(130);
    }
    stop.abort();
    noteLines(words);
  };
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(130);
    stopAfter('\nStopping after this step, with a checkpoint. Press Ctrl-C again to stop at once.');
  };
  const onHangup = (): void => {
    for (const stream of [process.stdout, process.stderr])
      stream.removeAllListeners('error').on('error', ignore);
    if (!stop.signal.aborted)
      stopAfter('\nThe terminal closed: stopping after this step, with a checkpoint.');
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onHangup);
  try {
    return await action(stop.signal);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onHangup);
  }
}
