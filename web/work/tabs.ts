/** @file Tabs of one browser: one at a time has the files. */
import { ConfigError } from '../../src/base/errors.ts';

/** How long a page that is being closed or reloaded may keep its files. */
const TAKEOVER_MS = 3000;

/** Has the files until this worker ends. Rejects with ConfigError where another tab keeps them. */
export function takeFiles(): Promise<void> {
  return new Promise((resolve, reject) => {
    const hold = (): Promise<never> => {
      resolve();
      return new Promise(() => {});
    };
    const signal = AbortSignal.timeout(TAKEOVER_MS);
    navigator.locks
      .request('planewise', { signal }, hold)
      .catch(() =>
        reject(
          new ConfigError('it is open in another tab of this browser. Go on there, or close it and reload.'),
        ),
      );
  });
}
