/** @file Jobs that are disturbed again and again: each must end in the bytes of one that nothing disturbed. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cohort, experiment, jobs, weights } from './jobs.mjs';
import { differences, drawn, leftIn, remove, sleep, start, succeed } from './programs.mjs';

/** What goes on may take this much longer than what was not disturbed: others use the machine, too. */
const limitOf = (ms) => 3 * ms + 30_000;

/**
 * When to disturb: in each of as many equal stretches of the time in which the job writes, so that no phase is left out;
 * a fourth of the times in one of all its time. Of what trains, which takes little of that, two thirds instead a moment
 * after a step.
 */
export function momentOf(name, i, { times, seed, ms, startMs }) {
  const { steps, logged } = jobs[name];
  const share = (i + drawn(seed, name, i)) / times;
  if (i % 4 === 0) return { words: `after ${Math.round(ms * share)} ms`, wait: () => sleep(ms * share) };
  if (!steps || i % 3 === 0) {
    const after = (ms - startMs) * share;
    const wait = async (out, isOver) => {
      await appearance(out, isOver);
      await sleep(after);
    };
    return { words: `${Math.round(after)} ms after it began to write`, wait };
  }
  const step = Math.ceil(steps * drawn(seed, name, i));
  const after = 100 * drawn(seed, name, i, 'after');
  const wait = async (out, isOver) => {
    while (logged(out) < step && !isOver()) await sleep(2);
    await sleep(after);
  };
  return { words: `${Math.round(after)} ms after step ${step} was logged`, wait };
}

async function appearance(path, isOver) {
  while (!existsSync(path) && !isOver()) await sleep(2);
}

/** Names of files that are not as they should be, or null. @param besides a name that may be there */
export function compare(folder, expected, besides) {
  const differ = differences(expected, leftIn(join(folder, 'out'))).filter((name) => name !== besides);
  return differ.length > 0 ? `other bytes: ${differ.join(', ')}` : null;
}

/** Goes on with a job to its end. What went wrong, or null where it ends in time and in the same bytes. */
export async function goOn(name, folder, { expected, ms }) {
  const { args, again = () => args, under, env } = jobs[name];
  const end = await start(again(join(folder, 'out')), folder, { within: limitOf(ms), under, env }).ended;
  return end.code !== 0
    ? `going on ended with ${end.code ?? end.signal}: ${end.said}`
    : compare(folder, expected);
}

/** Work that several campaigns need in one folder is done once. */
const made = new Map();
function once(path, make) {
  if (!made.has(path)) {
    mkdirSync(path);
    made.set(path, make());
  }
  return made.get(path);
}

/** Makes what a job reads. */
async function makeInputs(name, scratch) {
  writeFileSync(join(scratch, 'experiment.json'), JSON.stringify(experiment));
  await once(join(scratch, 'cohort'), () => succeed(cohort, scratch));
  const folder = join(scratch, 'weights');
  if (jobs[name].weights) await once(folder, () => succeed(weights, folder));
}

async function run(name, folder) {
  const out = join(folder, 'out');
  let over = false;
  const began = performance.now();
  const starting = appearance(out, () => over).then(() => performance.now() - began);
  const { args, under, env } = jobs[name];
  const { ms } = await succeed(args, folder, { under, env }).finally(() => {
    over = true;
  });
  return { ms, startMs: await starting, expected: leftIn(out) };
}

/**
 * A job that nothing disturbs, with what it reads: its folder, what it leaves, how long it took, and how long until it
 * began to write.
 */
export async function undisturbed(name, scratch) {
  await makeInputs(name, scratch);
  const whole = join(scratch, `${name}-whole`);
  return { whole, ...(await once(whole, () => run(name, whole))) };
}

/**
 * Runs each job once undisturbed, then `times` times disturbed.
 * @param {{ times: number, seed: number, only: readonly string[], scratch: string, say?: (line: string) => void }} options
 * `times`: of each job
 * @param disturb gets the job's name, a folder's path (not made yet) and what is known of the job; it gives what was done
 * in words, how far the job was, what went wrong or null, and how many faults that were, if not one
 * @returns {Promise<{ job: string, phase: string, times: number, same: number, problems: string[] }[]>} a row for each
 * job and how far it was
 */
export async function trial({ times, seed, only, scratch, say = () => {} }, disturb) {
  const rows = new Map();
  for (const name of only) {
    const facts = { times, seed, ...(await undisturbed(name, scratch)) };
    for (let done = 0, i = 0; done < times; i++) {
      const folder = join(scratch, `${disturb.name}-${name}-${i}`);
      const { words, phase, problem, faults = 1 } = await disturb(name, folder, { ...facts, i });
      done += faults;
      const key = `${name} ${phase}`;
      const row = rows.get(key) ?? { job: name, phase, times: 0, same: 0, problems: [] };
      row.times += faults;
      if (problem === null) row.same += faults;
      else row.problems.push(`${folder}, ${words}: ${problem}`);
      rows.set(key, row);
      say(`${name} ${done}/${times}: ${words}, ${phase}: ${problem ?? 'the same'}`);
      if (problem === null) remove(folder);
    }
  }
  return [...rows.values()];
}
