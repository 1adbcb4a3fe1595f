/** @file What is disturbed: small jobs that write every kind of folder, and how far one was by what it left. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const set = (values) => Object.entries(values).flatMap(([key, value]) => ['--set', `${key}=${value}`]);

/** Of the pretraining. */
const STEPS = 24;

const pretrain = [
  ...['pretrain', '--adapter', 'swiftshader', '--out', 'out'],
  ...['--width', '4', '--batch', '4', '--seed', '3', '--steps', `${STEPS}`, '--size', '32'],
  ...set({ 'model.depth': 2, 'phantom.subjects': 6, 'phantom.phases': 1, 'phantom.size': 32 }),
  ...set({ validateEvery: 4, checkpointEvery: 2, validationFraction: 0.2, testFraction: 0.2 }),
];

const linesOf = (path) => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0);

/** How far a pretraining was. */
function pretrainPhase(out) {
  const has = (...name) => existsSync(join(out, ...name));
  if (!has('config.new.json') && !has('config.json')) return 'start';
  if (!has('cohort', 'cohort.json')) return 'cohort';
  if (!has('prepared', 'manifest.json')) return 'prepare';
  if (!has('metrics.jsonl')) return 'set-up';
  if (has('evaluation.json')) return 'end';
  return linesOf(join(out, 'metrics.jsonl')) < STEPS ? 'training' : 'evaluation';
}

/**
 * `args`: the command; `again`: what goes on after a kill, the same where it is missing; `phase`: how far it was;
 * `steps` and `logged`: of what trains, how many steps it makes, and has logged. All write into `out`.
 */
export const jobs = {
  phantom: {
    args: ['phantom', '--out', 'out', '--subjects', '6', '--phases', '1', '--size', '48', '--seed', '7'],
    phase(out) {
      if (!existsSync(join(out, 'cohort.unfinished.json')))
        return existsSync(join(out, 'cohort.json')) ? 'end' : 'start';
      return 'subjects';
    },
  },
  prepare: {
    args: ['prepare', '../cohort', '--out', 'out', '--size', '64', '--spacing', '4'],
    phase: (out) => (existsSync(join(out, 'manifest.json')) ? 'end' : existsSync(out) ? 'images' : 'start'),
  },
  pretrain: {
    args: pretrain,
    again: (out) => (pretrainPhase(out) === 'start' ? pretrain : ['pretrain', '--resume', '--out', 'out']),
    phase: pretrainPhase,
    steps: STEPS,
    logged: (out) => linesOf(join(out, 'metrics.jsonl')),
  },
};

/** The cohort that `prepare` reads. */
export const cohort = ['phantom', '--out', 'cohort', '--subjects', '8', '--phases', '1', '--size', '48'];
