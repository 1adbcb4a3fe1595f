/** @file Text of unknown origin in one line of a terminal: names of files, series and patients may hold anything. */

/** What steers a terminal, or turns the text behind it around: controls but the line feed, line separators, bidi marks. */
const steering = /[^\P{Cc}\n]|[\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

const escaped = (character: string): string => {
  const code = character.charCodeAt(0);
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
};

/** Text without what would steer the terminal, as lines. */
export const printable = (text: string): string => text.replace(steering, escaped);

/** As `printable`, in one line. */
export const inLine = (text: string): string => printable(text).replaceAll('\n', '\\n');

/** As `printable`: a line, and the indented ones of a list below it. */
export const asMessage = (text: string): string => printable(text).replace(/\n(?! {2}\S)/g, '\\n');

/** JSON as `JSON.stringify` gives it, with what steers the terminal escaped too. */
export const printableJson = (json: string): string =>
  json.replace(steering, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
