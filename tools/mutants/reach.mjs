/** @file Which tests reach a mutant: each test file is run once with what is counted, and remembered while nothing changes. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runJobs } from './hosts.mjs';
import { filesBelow } from './stryker.mjs';

const setup = fileURLToPath(new URL('setup.mjs', import.meta.url));

/** A test file that takes longer than so many seconds when counted is no test to run for each mutant. */
export const LONGEST = 120;

const isTest = (file) => file.endsWith('.test.ts');

function hashOf(texts) {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}\n${text}`);
  return hash.digest('hex').slice(0, 24);
}

/** Of a test file that was run, which wrote to a path what it reached. */
function foundBy(file, outcome, wall, path) {
  if (!outcome || outcome.failure || !existsSync(path))
    return { file, failure: outcome?.failure ?? 'too long' };
  const written = JSON.parse(readFileSync(path, 'utf8'));
  rmSync(path);
  return { file, wall, times: outcome.times, ...written };
}

/**
 * What each test file below `folders` reaches: `wall` and `times` in seconds, ids by test, ids reached outside of tests,
 * names of shaders. Files that fail, or take too long, have only `failure`; the others are
 * remembered in the folder `kept`.
 * @param counted by file, text that counts (stryker.mjs)
 */
export async function reach(folders, counted, { tree, kept, jobs, say }) {
  const folder = join(kept, 'reached');
  mkdirSync(folder, { recursive: true });
  const textOf = (file) => readFileSync(join(tree, file), 'utf8');
  const helpers = filesBelow(['test', 'src'], tree).filter((file) => !isTest(file));
  const common = hashOf([...helpers.map(textOf), JSON.stringify(counted)]);
  const all = filesBelow(folders, tree).filter(isTest);
  const entries = all.map((file) => {
    const path = join(folder, `${hashOf([common, file, textOf(file)])}.json`);
    return { file, path };
  });
  const waiting = entries.filter(({ path }) => !existsSync(path));
  const found = new Map();
  await runJobs(
    waiting.map(({ file, path }) => ({
      ...{ file, path, texts: counted, tests: [{ file }], seconds: LONGEST },
      env: { MUTANTS_REACHED: `${path}.new` },
    })),
    {
      ...{ root: tree, count: jobs, setup },
      onDone({ file, path }, outcome, wall) {
        const one = foundBy(file, outcome, wall, `${path}.new`);
        found.set(path, one);
        if (!one.failure) writeFileSync(path, JSON.stringify(one));
        const problem = one.failure && ` left out: ${JSON.stringify(one.failure)}`;
        say(`${found.size}/${waiting.length} ${file} ${wall.toFixed(1)} s${problem ?? ''}`);
      },
    },
  );
  return entries.map(({ path }) => found.get(path) ?? JSON.parse(readFileSync(path, 'utf8')));
}
