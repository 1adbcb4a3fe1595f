/** @file Are the tests worth anything? npm run mutants -- [paths] --sample 500 --seed 1 (docs/mutants.md). */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { groupBy, nameOf } from './mutants/draw.mjs';
import { scoreOf, tableOf } from './mutants/score.mjs';
import { mutateShaders } from './mutants/shaders.mjs';
import { mutateSource } from './mutants/source.mjs';
import { copyTree } from './mutants/tree.mjs';
import { root } from './wgsl.mjs';

const usage = `npm run mutants -- [paths] [options]
Changes one thing at a time in src/data, src/train and src/results, or in the paths, and sees whether a test falls.
  --shaders        changes shaders/ instead; paths are files of it
  --sample <N>     about N, drawn from each folder, or kind of change, by its share (default: all)
  --seed <S>       draws them (default 1)
  --tests <paths>  looks among these tests, with commas (default: those that could reach it)
  --jobs <N>       so many at once (default 2)
  --again <file>   only what survived in the results of an earlier run`;

const options = {
  shaders: { type: 'boolean', default: false },
  sample: { type: 'string', default: 'Infinity' },
  seed: { type: 'string', default: '1' },
  tests: { type: 'string' },
  jobs: { type: 'string', default: '2' },
  again: { type: 'string' },
};

function optionsOf(argv) {
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
  const [sample, seed, jobs] = [values.sample, values.seed, values.jobs].map(Number);
  if (!(sample >= 1) || !Number.isInteger(seed) || !(jobs >= 1)) throw new TypeError(usage);
  const again = values.again && JSON.parse(readFileSync(values.again, 'utf8')).results;
  const survived = again?.filter(({ status }) => ['survived', 'no test'].includes(status));
  return {
    ...{ paths: positionals, sample, seed, jobs, tests: values.tests?.split(',') },
    only: survived && new Set(survived.map(nameOf)),
    say: (line) => console.error(line),
  };
}

async function run(argv) {
  const asked = optionsOf(argv);
  const began = performance.now();
  const name = argv.includes('--shaders') ? 'shaders' : 'source';
  const mutate = name === 'shaders' ? mutateShaders : mutateSource;
  const kept = join(root, 'runs', 'mutants');
  const { all, results } = await mutate({ ...asked, kept, tree: copyTree() });
  const sizes = Object.fromEntries(
    [...groupBy(all, ({ stratum }) => stratum)].map(([key, { length }]) => [key, length]),
  );
  const file = join(kept, `${name}-${asked.seed}.json`);
  mkdirSync(kept, { recursive: true });
  writeFileSync(file, JSON.stringify({ argv, sizes, results }, null, 1));
  for (const { status, key, original } of results)
    if (status === 'survived' || status === 'no test') console.log(`${status}: ${key}\n    for ${original}`);
  console.log(tableOf(scoreOf(results, sizes)));
  console.log(`${((performance.now() - began) / 60_000).toFixed(0)} min; results in ${file}`);
}

try {
  await run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof TypeError ? error.message : error);
  process.exitCode = 2;
}
