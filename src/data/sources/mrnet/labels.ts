/** @file MRNet's labels: lines of a case's number and 0 or 1, without a header. */

/** What a file says. */
export interface CaseLabels {
  /** By number of the case. */
  readonly values: ReadonlyMap<number, boolean>;
  /** What is wrong with it, as sentences without the file's name. */
  readonly problems: readonly string[];
}

const LINE = /^"?(\d+)"?\s*[,;]\s*"?([01])"?$/;

/** A first line that names its columns instead of a case. */
const isHeader = (line: string, number: number): boolean => number === 1 && /^"?[a-z]/i.test(line);

/**
 * Reads labels with any line ends. Lines that are no case with 0 or 1 are left out and told, and so are cases that are
 * there twice with both; a header is passed over.
 */
export function parseCaseLabels(content: string): CaseLabels {
  const values = new Map<number, boolean>();
  const torn = new Set<number>();
  const problems: string[] = [];
  for (const [i, text] of content.split(/\r\n|\n|\r/).entries()) {
    const line = text.trim();
    if (line === '' || isHeader(line, i + 1)) continue;
    const [, number, value] = LINE.exec(line) ?? [];
    if (number === undefined) {
      problems.push(`line ${i + 1} is no case with 0 or 1 (${line.slice(0, 40)}); it is left out.`);
      continue;
    }
    const own = Number(number);
    const label = value === '1';
    if (values.has(own) && values.get(own) !== label) torn.add(own);
    values.set(own, label);
  }
  for (const number of torn) {
    values.delete(number);
    problems.push(`case ${number} is there with 0 and with 1; neither is taken.`);
  }
  return { values, problems };
}
