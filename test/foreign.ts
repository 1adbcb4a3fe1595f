/** @file Words that no refusal of planewise has. */

/** What libraries say, and what JavaScript makes of values that nobody thought of. */
export const foreign =
  /error:|invalid|argument '|expected|too (small|big|many)|allowed choices|it must|required|commander|zod|undefined|NaN|\[object/i;
