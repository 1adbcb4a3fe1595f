/** @file Commands as they are typed. */

/** A word of a POSIX shell, whatever it holds: `study` as it is, `my study` in quotes. */
export const quoted = (text: string): string =>
  /^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
