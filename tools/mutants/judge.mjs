/** @file Runs, for each mutant, the tests that reach it, the quickest first, until one falls. */
import { runJobs } from './hosts.mjs';
import { LONGEST } from './reach.mjs';

/** Seconds of tests that are run for one mutant, as they took when counted, and longest of one test. */
const ENOUGH = 40;
const SLOW = 30;

/** Seconds a run may take beyond thrice what its tests took. */
const PATIENCE = 90;

const sum = (values) => values.reduce((total, value) => total + value, 0);

/**
 * Of a test file: what is to be run of it for a mutant, and what that takes; null where it does not reach it. What is
 * reached while a file loads can matter to each of its tests.
 */
function partOf({ file, wall, times, outside, tests }, id) {
  // tests that run beside each other take longer together than their file
  const load = Math.max(1, wall - sum(Object.values(times)));
  const quick = Object.keys(times).filter((name) => times[name] <= SLOW);
  const names = outside.has(id) ? quick : quick.filter((name) => tests.get(name)?.has(id));
  if (names.length === 0) return null;
  return { file, names, seconds: load + sum(names.map((name) => times[name])) };
}

/** How many letters two names begin with alike. */
export function alike(a, b) {
  let count = 0;
  while (count < a.length && a[count] === b[count]) count++;
  return count;
}

/**
 * Files of tests for a mutant, those named most like its own first, up to `ENOUGH` seconds, one at least. Where
 * none is known to reach it, those `uncounted` that are named like it or its folder, whole.
 */
export function testsFor({ id, file: source }, reached, uncounted) {
  const like = ({ file }) => alike(file.replace(/^test/, 'src'), source);
  const parts = reached.map((found) => partOf(found, id)).filter(Boolean);
  parts.sort((a, b) => like(b) - like(a) || a.seconds - b.seconds);
  let total = 0;
  const fitting = parts.filter(({ seconds }, at) => {
    total += seconds;
    return at === 0 || total <= ENOUGH;
  });
  const named = uncounted.filter(({ file }) => source.startsWith(`src/${/^test\/([^.]+)/.exec(file)[1]}`));
  return fitting.length > 0 ? fitting : named.map(({ file }) => ({ file, seconds: LONGEST }));
}

/** Sets of what was found, for looking up. */
export const indexed = (found) =>
  found
    .filter(({ failure }) => !failure)
    .map(({ outside, tests, ...rest }) => ({
      ...rest,
      outside: new Set(outside),
      tests: new Map(Object.entries(tests).map(([name, ids]) => [name, new Set(ids)])),
    }));

function statusOf(outcome) {
  if (!outcome) return { status: 'timeout' };
  return outcome.failure ? { status: 'killed', by: outcome.failure } : { status: 'survived' };
}

/**
 * Each mutant's `status` (killed, timeout, survived, no test, invalid), with `by`, the test that fell, and `tests`.
 * @param textsOf the tree's files with a mutant in them, by name; null where it does not compile
 * @param plan the files and names of tests for a mutant, with seconds
 */
export async function judge(mutants, { plan, textsOf, tree, jobs, say }) {
  const results = [];
  const settle = (mutant, result) => {
    results.push({ ...mutant, ...result });
    const by = result.by ? ` by ${result.by.where}` : '';
    say(`${results.length}/${mutants.length} ${result.status} ${mutant.key.replace(/\s+/g, ' ')}${by}`);
  };
  const work = [];
  for (const mutant of mutants) {
    const tests = plan(mutant);
    const texts = tests.length > 0 ? await textsOf(mutant) : {};
    if (!texts) settle(mutant, { status: 'invalid' });
    else if (tests.length === 0) settle(mutant, { status: 'no test' });
    else work.push({ mutant, tests, texts, seconds: PATIENCE + 3 * sum(tests.map((part) => part.seconds)) });
  }
  await runJobs(work, {
    ...{ root: tree, count: jobs },
    onDone: ({ mutant, tests }, outcome, took) =>
      settle(mutant, { ...statusOf(outcome), took, tests: tests.map(({ file }) => file) }),
  });
  const order = new Map(mutants.map(({ key }, at) => [key, at]));
  return results.sort((a, b) => order.get(a.key) - order.get(b.key));
}
