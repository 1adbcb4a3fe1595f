/** @file What all errors have in common. */
import { asMessage } from '../printable.ts';

/** The code of a message that ends with a table. */
export const MEMORY = 'OUT_OF_MEMORY';

/**
 * Base of all errors thrown on purpose; `code` is stable and meant for programs. The message may name files, and quote what
 * they hold: it is one line, with at most a list below it, and steers no terminal.
 * @example
 * try { schedules.constant(-1); } catch (error) { return error instanceof PlanewiseError && error.code; }
 * null; // "CONFIG"
 */
export class PlanewiseError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code === MEMORY ? message : asMessage(message), options);
    this.name = new.target.name;
    this.code = code;
  }
}
