/** @file Why the lab cannot run. */

/** What this machine lacks; the program ends with a code of its own. */
export class CannotHere extends Error {
  constructor(what: string) {
    super(`gpulab runs only as root on Debian or Ubuntu with apt, debootstrap, gcc and unshare: ${what}.`);
    this.name = 'CannotHere';
  }
}

/** Of the program. */
export const exitCodes = { failed: 1, error: 2, cannotHere: 3 } as const;
