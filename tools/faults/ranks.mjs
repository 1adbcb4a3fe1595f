/** @file Kills one of the ranks of a job at seeded moments; the others must end, and what goes on come to the same bytes. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobs } from './jobs.mjs';
import { Unavailable } from './mounts.mjs';
import { processesOf, withoutMpi } from './mpirun.mjs';
import { drawn, sleep, start } from './programs.mjs';
import { compare, goOn, momentOf, trial } from './trial.mjs';

/** In which a job must have ended once one of its ranks was killed, ms. */
const LIMIT_MS = 30_000;

/** Whether a process is more than an entry that nobody has asked for yet. */
function lives(pid) {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits until processes are gone, for so long at most; those that are not. */
async function leftOf(pids, ms) {
  const until = performance.now() + ms;
  while (pids.some(lives) && performance.now() < until) await sleep(20);
  return pids.filter(lives);
}

/** What is wrong with a checkpoint, or null where it is whole or there is none yet. */
function checkpointProblem(out) {
  const path = join(out, 'checkpoint.safetensors');
  if (!existsSync(path)) return null;
  const bytes = readFileSync(path);
  const head = 8 + Number(bytes.readBigUInt64LE());
  const tensors = Object.values(JSON.parse(bytes.toString('utf8', 8, head)));
  const end = Math.max(...tensors.flatMap(({ data_offsets: offsets }) => offsets ?? []));
  return head + end === bytes.length
    ? null
    : `a checkpoint of ${bytes.length} bytes in place of ${head + end}`;
}

/** What is wrong with how a job ended, or null. */
function endProblem({ said, took, rank, pid, left, out }) {
  if (took > LIMIT_MS) return `it ended ${Math.round(took)} ms after its rank: ${said}`;
  // Open MPI knows no process of a rank that has not joined yet
  if (!new RegExp(`rank ${rank} with PID (${pid}|0)\\b|rank ${rank} \\(\\S+, process ${pid}\\)`).test(said))
    return `it does not name rank ${rank}, process ${pid}: ${said}`;
  return left.length > 0 ? `processes ${left.join(', ')} are left` : checkpointProblem(out);
}

/** One kill of a rank. */
async function killRank(name, folder, facts) {
  const { args, phase, under, env } = jobs[name];
  const { words, wait } = momentOf(name, facts.i, facts);
  const out = join(folder, 'out');
  mkdirSync(folder);
  const { child, ended } = start(args, folder, { under, env });
  await Promise.race([wait(out, () => child.exitCode !== null), ended]);
  const pids = processesOf(child.pid);
  const rank = Math.floor(pids.length * drawn(facts.seed, name, facts.i, 'rank'));
  const pid = pids[rank];
  const killed = pid !== undefined && child.exitCode === null;
  if (killed) process.kill(pid, 'SIGKILL');
  const began = performance.now();
  const { code, said } = await ended;
  // mpirun may end before the ranks that it ends
  const left = await leftOf(pids, LIMIT_MS - (performance.now() - began));
  const took = performance.now() - began;
  const over = !killed || code === 0;
  const how = over ? 'late' : `of ${pids.length}, which ended in ${Math.round(took)} ms`;
  const done = { words: `killed rank ${rank} ${words}, ${how}`, phase: over ? 'was over' : phase(out) };
  if (over) return { ...done, problem: code === 0 ? compare(folder, facts.expected) : said };
  const problem = endProblem({ said, took, rank, pid, left, out });
  return { ...done, problem: problem ?? (await goOn(name, folder, facts)) };
}

/** Kills of one of two ranks of a pretraining. */
export function ranksCampaign({ only = ['ranks'], ...options }) {
  if (withoutMpi !== null) throw new Unavailable(withoutMpi);
  return trial({ ...options, only }, killRank);
}
