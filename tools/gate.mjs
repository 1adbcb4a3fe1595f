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
  --all               lists every difference, not only the first of each file
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
      all: { type: 'boolean', default: false },
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

function verdictOf(differences) {
  if (differences.length === 0) return 'same';
  return differences.every(({ why }) => why !== null) ? 'expected' : 'different';
}

/** Prints what came of one case; whether it passed. */
async function judge(one, [baseRuns, workRuns], expectations, all) {
  const [base, work] = await Promise.all([baseRuns.result(one), workRuns.result(one)]);
  const failures = Object.entries({ base, 'work tree': work }).filter(([, { failure }]) => failure);
  const seconds = { base: base.seconds, work: work.seconds };
  if (failures.length > 0) {
    console.log(caseRow({ name: one.name, verdict: 'failed', ...seconds, compared: '' }));
    for (const [tree, { failure }] of failures)
      console.log(`    in the ${tree}: ${failure.replaceAll('\n', '\n    ')}`);
    return false;
  }
  const { compared, differences } = compareResults(one.name, base.folder, work.folder, expectations);
  const verdict = verdictOf(differences);
  console.log(caseRow({ name: one.name, verdict, ...seconds, compared }));
  for (const line of differenceLines(differences, all)) console.log(line);
  return verdict !== 'different';
}

/** Builds both trees and says what they are compared on; their runs, and the cases that the adapter can do. */
async function start({ adapter, base, only }, scratch) {
  const wanted = chosen(only);
  const commit = commitOf(base);
  let building;
  const tree = () => (building ??= baseTree(commit, join(scratch, 'tree')));
  // Together; of a commit whose build is kept, cases may be kept too, so that it is not needed.
  const [work] = await Promise.all([workTree(), isKept(commit) ? null : tree()]);
  const { adapter: name, f16 } = await adapterFacts(work, adapter, scratch);
  console.log(`Base ${commit.slice(0, 9)} (${base}), on ${name}\n${header}`);
  const places = new Places(Math.min(MOST_PLACES, availableParallelism()));
  const setting = { adapter, scratch, places, device: `${name}, ${cpus()[0]?.model}` };
  const runs = [
    new Runs(tree, join(scratch, 'base'), { commit, ...setting }),
    new Runs(async () => work, join(scratch, 'work'), { commit: null, ...setting }),
  ];
  return { runs, wanted, able: wanted.filter((one) => !one.f16 || f16) };
}

async function gate({ all, expect, keep, ...given }) {
  const expectations = await readExpectations(expect);
  const scratch = temporaryFolder(keep);
  trimCache();
  const { runs, wanted, able } = await start(given, scratch);
  for (const one of able) for (const side of runs) side.result(one).catch(() => {});
  const passed = [];
  for (const one of able) passed.push(await judge(one, runs, expectations, all));
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
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`${same ? 'Nothing differs' : 'Something differs'}; ${seconds} s.`);
  process.exitCode = same ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  // what still runs is of no use any more
  process.exit(1);
}
