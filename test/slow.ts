/** @file Tests that take minutes. */

const { env } = import.meta as unknown as { env?: Readonly<Record<string, string>> };

/** Whether they run too: with PLANEWISE_SLOW=1, as CI has it, and wherever they run without Vitest. */
export const slow: boolean = env === undefined || env.PLANEWISE_SLOW === '1';
