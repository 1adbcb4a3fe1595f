/** @file Disturbs the program as machines do: kills it at seeded moments, and starts several on one folder. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killCampaign } from './kill.mjs';
import { remove } from './programs.mjs';
import { lockContest, writersCampaign } from './writers.mjs';

const usage = `npm run faults -- <kill | writers> [options]
  --times <N>     kills, or races, of each job (default 20)
  --seed <S>      draws the moments (default 1)
  --only <jobs>   some of phantom, prepare, pretrain, with commas
What failed is left in a folder that is named.`;

function printTable(rows, columns) {
  console.table(rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]]))));
  for (const { problems } of rows) for (const problem of problems) console.log(problem);
}

async function campaign(name, options) {
  if (name === 'kill') {
    const rows = await killCampaign(options);
    printTable(rows, ['job', 'phase', 'kills', 'same']);
    return rows.every(({ problems }) => problems.length === 0);
  }
  const contest = await lockContest({ ...options, count: 6, times: 20 * options.times });
  console.log('Six processes that take one lock again and again, every second time leaving it as if killed:');
  console.table([{ ...contest, other: contest.other.length }]);
  for (const line of contest.other) console.log(line);
  const rows = await writersCampaign(options);
  printTable(rows, ['job', 'races', 'done', 'refused']);
  const fine = contest.together === 0 && contest.other.length === 0;
  return fine && rows.every(({ problems }) => problems.length === 0);
}

/** The campaigns `kill` and `writers`; the program's exit code. */
export async function disturb(name, argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      times: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
    },
  });
  const [times, seed] = [Number(values.times), Number(values.seed)];
  if (!(times >= 1) || !Number.isInteger(seed)) {
    console.error(usage);
    return 2;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'planewise-faults-'));
  const began = performance.now();
  const only = values.only?.split(',');
  const fine = await campaign(name, { times, seed, scratch, say: console.log, ...(only && { only }) });
  if (fine) remove(scratch);
  console.log(
    `${fine ? 'Nothing was spoilt' : `Something was spoilt; see ${scratch}`}; ${((performance.now() - began) / 1000).toFixed(0)} s.`,
  );
  return fine ? 0 : 1;
}
