/** @file Starts several processes on one folder at a seeded distance, and looks whether one alone wrote there. */
import { fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jobs } from './jobs.mjs';
import { drawn, remove, start } from './programs.mjs';
import { compare, undisturbed } from './trial.mjs';

const self = fileURLToPath(import.meta.url);

/** A lock whose process is gone: no number is as large. */
const staleLock = JSON.stringify({ host: hostname(), pid: 2 ** 30, since: '2026-01-01T00:00:00.000Z' });

const refusals = ['is written into by process', 'already holds a run'];

/** What came of a process: it did its work, was refused, or something else, in words. */
function outcomeOf({ code, said }) {
  if (code === 0) return 'done';
  return refusals.some((words) => said.includes(words)) ? 'refused' : said;
}

/** `count` processes of a job at once, `spread` ms apart at most; the folder may have been locked by one that is gone. */
async function race(name, folder, { count, stale, spread, draw }, expected) {
  const out = join(folder, 'out');
  mkdirSync(stale ? out : folder, { recursive: true });
  if (stale) writeFileSync(join(out, 'running.json'), staleLock);
  const ends = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      await new Promise((resolve) => setTimeout(resolve, spread * draw(i)));
      return start(jobs[name].args, folder).ended;
    }),
  );
  const outcomes = ends.map(outcomeOf);
  const other = outcomes.find((outcome) => outcome !== 'done' && outcome !== 'refused');
  const done = outcomes.filter((outcome) => outcome === 'done').length;
  const all = jobs[name].together ? count : 1;
  const few = done < all ? `${done} of ${count} did it` : null;
  const problem = other ?? few ?? compare(folder, expected);
  return { done, refused: count - done, problem };
}

/** In processes of their own: takes the lock again and again, and a file that only one at a time can make. */
async function contend({ folder, times, seed }) {
  const { lockFolder } = await import('../../dist/data/files/lock.node.js');
  const path = join(folder, 'held');
  const result = { held: 0, refused: 0, together: 0, other: [] };
  for (let i = 0; i < times; i++) {
    await new Promise((resolve) => setTimeout(resolve, 4 * drawn(seed, process.pid, i)));
    try {
      const lock = await lockFolder(folder);
      try {
        closeSync(openSync(path, 'wx'));
        await new Promise((resolve) => setTimeout(resolve, 2));
        await lock.check();
        unlinkSync(path);
        result.held++;
      } catch (error) {
        if (error.code === 'EEXIST') result.together++;
        else result.other.push(String(error));
      }
      // every second one dies with its lock, as far as others can tell
      if (i % 2 === 0) writeFileSync(join(folder, 'running.json'), staleLock);
      lock.free();
    } catch (error) {
      if (error.code === 'BUSY') result.refused++;
      else result.other.push(String(error));
    }
  }
  process.send(result);
}

/** The lock alone, by `count` processes that take it `times` times each. */
export async function lockContest({ count, times, seed, scratch }) {
  const folder = join(scratch, 'contest');
  mkdirSync(folder);
  const results = await Promise.all(
    Array.from(
      { length: count },
      (_, i) =>
        new Promise((resolve, reject) => {
          const child = fork(self, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
          child.on('error', reject).on('message', (result) => {
            resolve(result);
            child.disconnect();
          });
          child.send({ folder, times, seed: `${seed}/${i}` });
        }),
    ),
  );
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const other = results.flatMap((result) => result.other);
  return { held: sum('held'), refused: sum('refused'), together: sum('together'), other };
}

/**
 * @param {{ times: number, seed: number, only?: readonly string[], scratch: string, say?: (line: string) => void }} options
 * `times`: races of each job
 * @returns {Promise<{ job: string, races: number, done: number, refused: number, problems: string[] }[]>}
 */
export async function writersCampaign({
  times,
  seed,
  only = ['phantom', 'prepare', 'pretrain', 'predict', 'experiment'],
  scratch,
  say = () => {},
}) {
  const rows = [];
  for (const name of only) {
    const { ms, expected } = await undisturbed(name, scratch);
    const row = { job: name, races: times, done: 0, refused: 0, problems: [] };
    for (let i = 0; i < times; i++) {
      const at = join(scratch, `${name}-race-${i}`);
      const draw = (process) => drawn(seed, name, i, process);
      // an experiment's own folder has no lock: those of its runs do
      const stale = i % 3 === 1 && !jobs[name].together;
      const how = { count: 2 + (i % 2), stale, spread: i % 4 === 3 ? ms : 0, draw };
      const { done, refused, problem } = await race(name, at, how, expected);
      row.done += done;
      row.refused += refused;
      if (problem !== null) row.problems.push(`${at}: ${problem}`);
      say(`${name} ${i + 1}/${times}: ${done} done, ${refused} refused: ${problem ?? 'the same bytes'}`);
      if (problem === null) remove(at);
    }
    rows.push(row);
  }
  return rows;
}

if (process.send && process.argv[1] === self) process.once('message', contend);
