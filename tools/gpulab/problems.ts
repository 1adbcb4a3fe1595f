/** @file Why the lab cannot run. */

/** What this machine lacks; the program ends with a code of its own. */
export class CannotHere extends Error {
  constructor(what: string) {
    super(
      `gpulab needs Debian or Ubuntu with apt, as root, with debootstrap, gcc and unshare: ${what}. With --root it takes a root that is there.`,
    );
    this.name = 'CannotHere';
  }
}

/** Of the program. */
export const exitCodes = { failed: 1, error: 2, cannotHere: 3 } as const;
