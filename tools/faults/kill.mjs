/** @file Kills jobs at seeded moments, goes on, and compares what is left with a job that nothing disturbed. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cohort, jobs } from './jobs.mjs';
import { differences, drawn, leftIn, remove, start, succeed } from './programs.mjs';

/** An unfinished cohort must be refused, a finished one be read. Null where it is as it should be. */
async function judgeCohort(folder) {
  const unfinished = existsSync(join(folder, 'out', 'cohort.unfinished.json'));
  if (!unfinished) return null;
  const { code, said } = await start(['prepare', 'out', '--out', 'store'], folder).ended;
  return code !== 0 && said.includes('a part of a phantom cohort') ? null : 'prepare took half a cohort';
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * When to kill: in each of as many equal stretches of the time that the job takes once, so that no phase is left out. Of
 * what trains, which takes little of that time, two thirds instead a moment after a step.
 */
function momentOf(name, i, { times, seed, ms }) {
  const { steps, logged } = jobs[name];
  if (!steps || i % 3 === 0) {
    const after = (ms * (i + drawn(seed, name, i))) / times;
    return { words: `after ${Math.round(after)} ms`, wait: () => sleep(after) };
  }
  const step = Math.ceil(steps * drawn(seed, name, i));
  const after = 100 * drawn(seed, name, i, 'after');
  const wait = async (out, isOver) => {
    while (logged(out) < step && !isOver()) await sleep(2);
    await sleep(after);
  };
  return { words: `${Math.round(after)} ms after step ${step} was logged`, wait };
}

/** One kill of a job. */
async function disturb(name, folder, wait, expected) {
  const { args, again = () => args, phase } = jobs[name];
  const out = join(folder, 'out');
  mkdirSync(folder);
  const { child, ended } = start(args, folder);
  await Promise.race([wait(out, () => child.exitCode !== null), ended]);
  child.kill('SIGKILL');
  const { signal, code, said } = await ended;
  const killed = signal === 'SIGKILL';
  if (!killed && code !== 0) return { phase: 'failed', problem: said };
  const reached = killed ? phase(out) : 'was over';
  const problem = name === 'phantom' ? await judgeCohort(folder) : null;
  if (problem) return { phase: reached, problem };
  if (killed) {
    const end = await start(again(out), folder).ended;
    if (end.code !== 0) return { phase: reached, problem: end.said };
  }
  const differ = differences(expected, leftIn(out));
  return { phase: reached, problem: differ.length > 0 ? `other bytes: ${differ.join(', ')}` : null };
}

/**
 * @param {{ times: number, seed: number, only?: readonly string[], scratch: string, say?: (line: string) => void }} options
 * `times`: kills of each job
 * @returns {Promise<{ job: string, phase: string, kills: number, same: number, problems: string[] }[]>} a row for each
 * job and how far it was
 */
export async function killCampaign({ times, seed, only = Object.keys(jobs), scratch, say = () => {} }) {
  const rows = new Map();
  await succeed(cohort, scratch);
  for (const name of only) {
    const folder = join(scratch, `${name}-whole`);
    mkdirSync(folder);
    const { ms } = await succeed(jobs[name].args, folder);
    const expected = leftIn(join(folder, 'out'));
    for (let i = 0; i < times; i++) {
      const { words, wait } = momentOf(name, i, { times, seed, ms });
      const at = join(scratch, `${name}-${i}`);
      const { phase, problem } = await disturb(name, at, wait, expected);
      const key = `${name} ${phase}`;
      const row = rows.get(key) ?? { job: name, phase, kills: 0, same: 0, problems: [] };
      row.kills++;
      if (problem === null) row.same++;
      else row.problems.push(`${at}, killed ${words}: ${problem}`);
      rows.set(key, row);
      say(`${name} ${i + 1}/${times}: killed ${words}, ${phase}: ${problem ?? 'the same'}`);
      if (problem === null) remove(at);
    }
  }
  return [...rows.values()];
}
