/** @file Disturbs the program as machines do: jobs that lose power, disk, device or life, and several on one folder. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { campaigns } from './campaigns.mjs';
import { Unavailable } from './mounts.mjs';
import { remove } from './programs.mjs';
import { lockContest, writersCampaign } from './writers.mjs';

/** Exit codes beside 0 and 1: of a wrong command line, and where the system does not allow what a campaign needs. */
const [USAGE, UNAVAILABLE] = [2, 3];

export const names = [...Object.keys(campaigns), 'writers'];

const usage = `npm run faults -- <${names.join(' | ')}> [options]
  --times <N>     how often each job is disturbed (default 20)
  --seed <S>      draws the moments (default 1)
  --only <jobs>   some of phantom, prepare, pretrain, train, predict, ranks, experiment, with commas
What failed is left in a folder that is named.`;

function printTable(rows, columns) {
  console.table(rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]]))));
  for (const { problems } of rows) for (const problem of problems) console.log(problem);
}

async function campaign(name, options) {
  if (name !== 'writers') {
    const rows = await campaigns[name](options);
    printTable(rows, ['job', 'phase', 'times', 'same']);
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

/** A campaign by its name; the program's exit code. */
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
    return USAGE;
  }
  // what is mounted or running goes with the process
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  const scratch = mkdtempSync(join(tmpdir(), 'planewise-faults-'));
  const began = performance.now();
  const only = values.only?.split(',');
  let fine = false;
  try {
    fine = await campaign(name, { times, seed, scratch, say: console.log, ...(only && { only }) });
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    remove(scratch);
    console.error(`${name}: ${error.message}`);
    return UNAVAILABLE;
  }
  if (fine) remove(scratch);
  console.log(
    `${fine ? 'Nothing was spoilt' : `Something was spoilt; see ${scratch}`}; ${((performance.now() - began) / 1000).toFixed(0)} s.`,
  );
  return fine ? 0 : 1;
}
