/** @file Compares what a case left in two trees, and says so in the terminal. */
import { compareFile, kindOf } from './compare.mjs';
import { filesIn, read } from './runs.mjs';

/** Differences of a file that are listed one by one. */
const MOST_LISTED = 3;

/** "2 logs, 3 tensor files": what was compared. */
function counted(names) {
  const nouns = names.map((name) => kindOf(name).noun);
  const kinds = [...new Set(nouns)].map((noun) => [noun, nouns.filter((other) => other === noun).length]);
  return kinds.map(([noun, count]) => `${count} ${noun}${count > 1 ? 's' : ''}`).join(', ');
}

/**
 * What two results of a case have apart.
 * @returns {{ compared: string, differences: { file: string, path: string, text: string, why: string | null }[] }}
 */
export function compareResults(name, base, work, expectations) {
  const files = [...new Set([...filesIn(base), ...filesIn(work)])].sort();
  const differences = files.flatMap((file) =>
    compareFile(file, read(base, file), read(work, file)).map((difference) => ({
      file,
      ...difference,
      why: expectations.why(name, file, difference.path),
    })),
  );
  return { compared: counted(files), differences };
}

function named({ file, path, place = path, text }) {
  return `    ${file}${place && ` ${place}`}: ${text}`;
}

/** The lines under a case's row: each file's first differences, or all, and how many are meant. */
export function differenceLines(differences, all) {
  const files = [...new Set(differences.map(({ file }) => file))];
  return files.flatMap((file) => {
    const own = differences.filter((difference) => difference.file === file);
    const unexpected = own.filter(({ why }) => why === null);
    const listed = all ? unexpected : unexpected.slice(0, MOST_LISTED);
    const more = unexpected.length - listed.length;
    const whys = new Set(own.flatMap(({ why }) => why ?? []));
    return [
      ...listed.map(named),
      ...(more > 0 ? [`    ${file}: ${more} more (--all lists them)`] : []),
      ...[...whys].map((why) => `    ${file}: ${own.filter((d) => d.why === why).length} expected: ${why}`),
    ];
  });
}

const seconds = (value) => (value === null ? 'kept' : `${value.toFixed(1)} s`);

export const header = row({
  name: 'CASE',
  verdict: 'RESULT',
  base: 'BASE',
  work: 'WORK',
  compared: 'COMPARED',
});

function row({ name, verdict, base, work, compared }) {
  return `${name.padEnd(12)} ${verdict.padEnd(10)} ${base.padStart(7)} ${work.padStart(7)}  ${compared}`;
}

export const caseRow = ({ name, verdict, base, work, compared }) =>
  row({ name, verdict, base: seconds(base), work: seconds(work), compared });
export const skippedRow = (name, why) => row({ name, verdict: 'skipped', base: '', work: '', compared: why });
