/** @file What is disturbed: small jobs that write every kind of folder, and how far one was by what it left. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const set = (values) => Object.entries(values).flatMap(([key, value]) => ['--set', `${key}=${value}`]);

const pretrain = [
  ...['pretrain', '--adapter', 'swiftshader', '--out', 'out'],
  ...['--width', '4', '--batch', '4', '--seed', '3', '--steps', '24', '--size', '32'],
  ...set({ 'model.depth': 2, 'phantom.subjects': 8, 'phantom.phases': 1, 'phantom.size': 48 }),
  ...set({ validateEvery: 4, checkpointEvery: 2, validationFraction: 0.25, testFraction: 0.25 }),
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
  return linesOf(join(out, 'metrics.jsonl')) < 24 ? 'training' : 'evaluation';
}

/**
 * `args`: the command; `again`: what goes on after a kill; `phase`: how far it was; `whole`: what shows that nothing is
 * left to do. All write into `out`.
 */
export const jobs = {
  phantom: {
    args: ['phantom', '--out', 'out', '--subjects', '12', '--phases', '2', '--size', '64', '--seed', '7'],
    phase(out) {
      if (!existsSync(join(out, 'cohort.unfinished.json')))
        return existsSync(join(out, 'cohort.json')) ? 'end' : 'start';
      return 'subjects';
    },
  },
  prepare: {
    args: ['prepare', '../cohort', '--out', 'out', '--size', '96', '--spacing', '3'],
    phase: (out) => (existsSync(join(out, 'manifest.json')) ? 'end' : existsSync(out) ? 'images' : 'start'),
  },
  pretrain: {
    args: pretrain,
    again: (out) => (pretrainPhase(out) === 'start' ? pretrain : ['pretrain', '--resume', '--out', 'out']),
    phase: pretrainPhase,
  },
};

/** The cohort that `prepare` reads. */
export const cohort = ['phantom', '--out', 'cohort', '--subjects', '12', '--phases', '2', '--size', '64'];
