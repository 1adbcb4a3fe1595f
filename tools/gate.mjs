/** @file The gate of a refactoring: trains a base commit and the work tree, both tiny, and compares all that they leave. */

import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cases as commandLines } from './gate/cases.mjs';
import { readExpectations } from './gate/expect.mjs';
import { pageCase } from './gate/page.mjs';
import { Places, succeed, temporaryFolder } from './gate/process.mjs';
import { caseRow, compareResults, differenceLines, header, skippedRow } from './gate/report.mjs';
import { commandCase, Runs } from './gate/runs.mjs';
import { baseTree, commitOf, isKept, trimCache, workTree } from './gate/trees.mjs';

const usage = `node tools/gate.mjs [base commit, default HEAD] [options]
  --adapter <choice>  swiftshader (default) or system
  --only <names>      some of the cases, with commas
  --expect <file>     a JSON list of differences that are meant: { case, file, path, why }
  --keep              leaves the folders of both trees, and says where`;

/** Work that runs at once; on a software adapter, each has threads of its own. */
const MOST_PLACES = 8;

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      adapter: { type: 'string', default: 'swiftshader' },
      only: { type: 'string' },
      expect: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  });
  if (positionals.length > 1 || !['swiftshader', 'system'].includes(values.adapter)) throw new Error(usage);
  return { ...values, base: positionals[0] ?? 'HEAD' };
}

/** Cases by name, each with the one it needs. Throws an Error for a name that is none. */
function chosen(only) {
  const all = [...commandLines.map(commandCase), pageCase];
  for (const one of all) if (one.after) one.after = all.find(({ name }) => name === one.after);
  const names = only?.split(',') ?? all.map(({ name }) => name);
  const unknown = names.filter((name) => !all.some((one) => one.name === name));
  if (unknown.length > 0)
    throw new Error(`No case ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}.`);
  return all.filter(({ name }) => names.includes(name));
}

/** What the adapter is and can do, as the work tree tells. */
async function adapterFacts(tree, adapter, cwd) {
  const args = [join(tree, 'dist', 'cli.js'), 'devices', '--json', '--adapter', adapter];
  const found = JSON.parse(await succeed(process.execPath, args, { cwd })).find(
    ({ choice }) => choice === adapter,
  );
  if (!found?.taken) throw new Error(`Adapter ${adapter}: ${found?.reason ?? 'unknown'}.`);
  return found;
}

function verdictOf({ base, work, differences }) {
  if (base.failure || work.failure) return 'failed';
  if (differences.length === 0) return 'same';
  return differences.every(({ why }) => why !== null) ? 'expected' : 'different';
}

/** Prints what came of one case; whether it passed. */
async function judge(one, [baseRuns, workRuns], expectations) {
  const [base, work] = await Promise.all([baseRuns.result(one), workRuns.result(one)]);
  const { compared, differences } = compareResults(one.name, base.folder, work.folder, expectations);
  const verdict = verdictOf({ base, work, differences });
  const row = { name: one.name, verdict, base: base.seconds, work: work.seconds, compared };
  console.log(caseRow(row));
  for (const [tree, { failure }] of Object.entries({ base, 'work tree': work }))
    if (failure) console.log(`    in the ${tree}: ${failure.replaceAll('\n', '\n    ')}`);
  if (verdict !== 'failed') for (const line of differenceLines(differences)) console.log(line);
  return verdict === 'same' || verdict === 'expected';
}

async function gate({ adapter, base, expect, keep, only }) {
  const wanted = chosen(only);
  const expectations = await readExpectations(expect);
  const commit = commitOf(base);
  const scratch = temporaryFolder(keep);
  trimCache();
  const places = new Places(Math.min(MOST_PLACES, availableParallelism()));
  let building;
  const tree = () => (building ??= baseTree(commit, join(scratch, 'tree')));
  // Together; of a commit whose build is kept, cases may be kept too, so that it is not needed.
  const [work] = await Promise.all([workTree(), isKept(commit) ? null : tree()]);
  const { adapter: name, f16 } = await adapterFacts(work, adapter, scratch);
  console.log(`Base ${commit.slice(0, 9)} (${base}), on ${name}\n${header}`);
  const setting = { adapter, scratch, places, device: `${name}, ${cpus()[0]?.model}` };
  const runs = [
    new Runs(tree, join(scratch, 'base'), { commit, ...setting }),
    new Runs(async () => work, join(scratch, 'work'), { commit: null, ...setting }),
  ];
  const able = wanted.filter((one) => !one.f16 || f16);
  for (const one of able) for (const side of runs) side.result(one).catch(() => {});
  const passed = [];
  for (const one of able) passed.push(await judge(one, runs, expectations));
  for (const { name } of wanted.filter((one) => !able.includes(one)))
    console.log(skippedRow(name, 'not on this adapter, which lacks shader-f16'));
  const unmet = expectations.unmet(able.map(({ name }) => name));
  for (const entry of unmet) console.log(`Expected, and not found: ${JSON.stringify(entry)}`);
  if (keep) console.log(`Kept: ${scratch}`);
  return passed.every(Boolean) && unmet.length === 0;
}

try {
  const began = performance.now();
  const same = await gate(options());
  console.log(
    `${same ? 'Nothing differs' : 'Something differs'}; ${((performance.now() - began) / 1000).toFixed(0)} s.`,
  );
  process.exitCode = same ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
