/**
 * @file The kit for a machine with a GPU: every part under a time limit, results written as they come, at most eight
 * files. bench/README.md says how it is packed and started.
 */
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Kit } from './kit.ts';
import { planOf, type Wish, wishOf } from './plan.ts';
import { killAll } from './process.ts';
import { readResults, statesOf } from './record.ts';
import { summaryText } from './summary.ts';

/** A folder that can be written; another where that cannot. */
function writable(wanted: string): string {
  try {
    mkdirSync(wanted, { recursive: true });
    appendFileSync(join(wanted, 'log.txt'), '');
    return wanted;
  } catch (error) {
    const other = mkdtempSync(join(tmpdir(), 'planewise-out-'));
    console.log(`${wanted} cannot be written (${(error as Error).message}): results go to ${other}`);
    return other;
  }
}

/** Caches of drivers and compilers go where everything else of the run is. */
function keepCachesIn(work: string): void {
  const folders = {
    XDG_CACHE_HOME: 'cache',
    TRITON_CACHE_DIR: 'triton',
    TORCHINDUCTOR_CACHE_DIR: 'inductor',
  };
  for (const [name, folder] of Object.entries(folders)) process.env[name] ??= join(work, folder);
}

async function start(wish: Wish, out: string, work: string): Promise<number> {
  const { EARLIER, ADAPTER } = process.env;
  const earlier = readResults(EARLIER ? resolve(EARLIER) : out);
  const tasks = planOf(wish, earlier && statesOf(earlier));
  if (tasks.length === 0) {
    console.log('All of it was done before. Give another OUT to measure again.');
    console.log(summaryText(earlier!));
    return 0;
  }
  if (earlier) console.log(`Repeats what was not done: ${tasks.map(({ name }) => name).join(', ')}`);
  const kit = new Kit(out, work, earlier, ADAPTER || undefined);
  for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }))
    process.once(signal, () => {
      killAll();
      kit.write();
      process.exit(code);
    });
  const whole = await kit.run(wish, tasks);
  console.log(`\n${kit.summary}`);
  console.log(`Results are in ${out}. ${whole ? '' : 'Run it again to repeat what is not done.'}`.trim());
  return whole ? 0 : 1;
}

async function main(): Promise<number> {
  const given = process.env.KIT_WORK;
  const work = given ?? mkdtempSync(join(tmpdir(), 'planewise-kit-'));
  keepCachesIn(work);
  try {
    const wish = wishOf(process.env);
    return await start(wish, writable(resolve(process.env.OUT || 'out')), work);
  } catch (error) {
    console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    return 2;
  } finally {
    if (!given) rmSync(work, { recursive: true, force: true });
  }
}

process.exit(await main());
