/** @file What a run of mutants says: counts and score of each stratum, and of all with its 95 % interval. */
import { groupBy } from './draw.mjs';

const Z = 1.959964;

/** Counted as found: a test fell, or never came to its end. */
const FOUND = ['killed', 'timeout'];

/** Wilson's 95 % interval of a proportion. */
export function wilson(found, count) {
  if (count === 0) return { low: 0, high: 1 };
  const p = found / count;
  const centre = (p + Z ** 2 / (2 * count)) / (1 + Z ** 2 / count);
  const half = (Z * Math.sqrt((p * (1 - p)) / count + (Z / (2 * count)) ** 2)) / (1 + Z ** 2 / count);
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

const percent = (value) => `${(100 * value).toFixed(1)} %`;
const interval = ({ low, high }) => `${percent(low)} to ${percent(high)}`;

/** Counts of one stratum, of whose `all` mutants `results` were tried; those that did not compile count as none. */
function rowOf(stratum, results, all) {
  const count = (wanted) => results.filter(({ status }) => status === wanted).length;
  const valid = results.length - count('invalid');
  const found = FOUND.reduce((sum, status) => sum + count(status), 0);
  const counts = { killed: count('killed'), timeout: count('timeout'), survived: count('survived') };
  const rest = { 'no test': count('no test'), invalid: count('invalid') };
  return { stratum, all, tried: results.length, ...counts, ...rest, valid, found };
}

/** The whole's score: the mean of the strata's, weighted by how many mutants each has; the normal interval. */
function whole(rows) {
  const judged = rows.filter(({ valid }) => valid > 0);
  const all = judged.reduce((sum, row) => sum + row.all, 0);
  const score = judged.reduce((sum, { all: size, found, valid }) => sum + (size / all) * (found / valid), 0);
  const variance = judged.reduce((sum, row) => {
    const p = row.found / row.valid;
    const untried = 1 - row.tried / row.all;
    return sum + ((row.all / all) ** 2 * p * (1 - p) * untried) / Math.max(1, row.valid - 1);
  }, 0);
  const half = Z * Math.sqrt(variance);
  return { score, low: Math.max(0, score - half), high: Math.min(1, score + half) };
}

/** @param sizes how many mutants each stratum has, tried or not */
export function scoreOf(results, sizes) {
  const groups = groupBy(results, ({ stratum }) => stratum);
  const rows = [...groups].map(([stratum, members]) => rowOf(stratum, members, sizes[stratum]));
  return { rows, ...whole(rows) };
}

/** The table as Markdown, and one sentence. */
export function tableOf({ rows, score, low, high }) {
  const columns = ['stratum', 'all', 'tried', 'killed', 'timeout', 'survived', 'no test', 'invalid'];
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const body = rows.map((row) =>
    line([
      ...columns.map((column) => row[column]),
      row.valid ? percent(row.found / row.valid) : '–',
      row.valid ? interval(wilson(row.found, row.valid)) : '–',
    ]),
  );
  const head = [...columns, 'score', '95 %'];
  const total = `Score of the whole: ${percent(score)} (95 %: ${interval({ low, high })}).`;
  return [line(head), line(head.map(() => '---')), ...body, '', total].join('\n');
}
