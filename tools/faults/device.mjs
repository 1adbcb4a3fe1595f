/** @file Takes the device away from a training at drawn calls, as many times as it goes on by itself, and once more. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jobs } from './jobs.mjs';
import { drawn, start, succeed } from './programs.mjs';
import { compare, goOn, trial } from './trial.mjs';

const hook = new URL('lose.mjs', import.meta.url).href;

/** Losses in one run, in turn: a training goes on after three of them. */
const most = 4;

const told = (log) =>
  readFileSync(log, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** How the program runs with the hook. */
const under = (log, job, at, late) => ({
  imports: [hook],
  env: { FAULTS_LOSE: JSON.stringify({ at, late, log, job }) },
});

/** Calls of an undisturbed job, counted once. */
const counted = new Map();
async function callsOf(name, folder) {
  if (!counted.has(folder)) {
    const [log, at] = [`${folder}.log`, `${folder}-counted`];
    mkdirSync(at);
    await succeed(jobs[name].args, at, under(log, name, [], []));
    counted.set(folder, told(log).at(-1).calls);
  }
  return counted.get(folder);
}

async function lose(name, folder, facts) {
  const { seed, i, whole } = facts;
  const calls = await callsOf(name, whole);
  const planned = Array.from({ length: 1 + (i % most) }, (_, k) => k);
  // more of them early, where fewer calls are made in the same time
  const at = planned.map((k) => 1 + Math.floor(calls * drawn(seed, name, i, k) ** 2)).sort((a, b) => a - b);
  // in the call, or a moment later
  const late = planned.map((k) =>
    drawn(seed, name, i, k, 'late') < 0.5 ? null : Math.round(20 * drawn(seed, i, k)),
  );
  mkdirSync(folder);
  const log = join(folder, 'losses.log');
  const limits = { within: (2 + planned.length) * facts.ms + 30_000 };
  const { code, said } = await start(jobs[name].args, folder, { ...under(log, name, at, late), ...limits })
    .ended;
  const losses = told(log).filter(({ phase }) => phase);
  const words = `device lost at calls ${losses.map(({ call }) => call).join(', ')} of ${calls}`;
  const done = { words, phase: losses.at(-1)?.phase ?? 'was over', faults: Math.max(1, losses.length) };
  if (code === 0) return { ...done, problem: compare(folder, facts.expected) };
  if (!/^planewise: .*device was lost/m.test(said))
    return { ...done, problem: `ended with ${code}: ${said}` };
  return { ...done, problem: await goOn(name, folder, facts) };
}

/** Losses of the device in a pretraining. */
export const deviceCampaign = ({ only = ['train'], ...options }) => trial({ ...options, only }, lose);
