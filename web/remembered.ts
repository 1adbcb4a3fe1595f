/** @file Small things that the page remembers for a reader; none where the browser lets it store nothing. */

/** Storage throws where a reader blocks it: the page does without. */
function attempt<T>(action: () => T): T | null {
  try {
    return action();
  } catch {
    return null;
  }
}

export const remembered = (key: string): string | null => attempt(() => localStorage.getItem(key));

export function remember(key: string, value: string): void {
  attempt(() => localStorage.setItem(key, value));
}

export function forget(key: string): void {
  attempt(() => localStorage.removeItem(key));
}
