/** @file Tests that take minutes. */

/** Whether they run too: with PLANEWISE_SLOW=1, as CI has it. */
export const slow: boolean =
  (import.meta as unknown as { env: Record<string, string> }).env.PLANEWISE_SLOW === '1';
