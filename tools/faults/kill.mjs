/** @file Kills jobs at seeded moments, goes on, and compares what is left with a job that nothing disturbed. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { jobs } from './jobs.mjs';
import { start } from './programs.mjs';
import { compare, goOn, momentOf, trial } from './trial.mjs';

/** An unfinished cohort must be refused, a finished one be read. Null where it is as it should be. */
async function judgeCohort(folder) {
  const unfinished = existsSync(join(folder, 'out', 'cohort.unfinished.json'));
  if (!unfinished) return null;
  const { code, said } = await start(['prepare', 'out', '--out', 'store'], folder).ended;
  return code !== 0 && said.includes('a part of a phantom cohort') ? null : 'prepare took half a cohort';
}

/** One kill of a job. */
async function kill(name, folder, facts) {
  const { args, phase } = jobs[name];
  const { words, wait } = momentOf(name, facts.i, facts);
  const out = join(folder, 'out');
  mkdirSync(folder);
  const { child, ended } = start(args, folder);
  await Promise.race([wait(out, () => child.exitCode !== null), ended]);
  child.kill('SIGKILL');
  const { signal, code, said } = await ended;
  const killed = signal === 'SIGKILL';
  const done = { words: `killed ${words}`, phase: killed ? phase(out) : 'was over' };
  if (!killed && code !== 0) return { ...done, phase: 'failed', problem: said };
  const problem = name === 'phantom' ? await judgeCohort(folder) : null;
  return {
    ...done,
    problem: problem ?? (killed ? await goOn(name, folder, facts) : compare(folder, facts.expected)),
  };
}

/** Kills of phantom, prepare and pretrain. */
export const killCampaign = ({ only = ['phantom', 'prepare', 'pretrain'], ...options }) =>
  trial({ ...options, only }, kill);
