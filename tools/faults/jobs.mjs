/** @file What is disturbed: small jobs that write every kind of folder, and how far one was by what it left. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allowed } from './mpirun.mjs';

const set = (values) => Object.entries(values).flatMap(([key, value]) => ['--set', `${key}=${value}`]);

/** Of a pretraining. */
const STEPS = 24;

/** What all trainings have in common. */
export const training = [
  ...[
    '--adapter',
    'swiftshader',
    '--out',
    'out',
    '--width',
    '4',
    '--batch',
    '4',
    '--seed',
    '3',
    '--size',
    '32',
  ],
  ...set({ 'model.depth': 2, validationFraction: 0.3, testFraction: 0.3 }),
];

const steps = ['--steps', `${STEPS}`, ...set({ validateEvery: 4, checkpointEvery: 2 })];

const linesOf = (path) => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0);

/** How far a pretraining was; `cohort`: whether it makes one. */
function pretrainPhase(out, cohort) {
  const has = (...name) => existsSync(join(out, ...name));
  if (!has('config.new.json') && !has('config.json')) return 'start';
  if (cohort && !has('cohort', 'cohort.json')) return 'cohort';
  if (!has('prepared', 'manifest.json')) return 'prepare';
  if (!has('metrics.jsonl')) return 'set-up';
  if (has('evaluation.json')) return 'end';
  return linesOf(join(out, 'metrics.jsonl')) < STEPS ? 'training' : 'evaluation';
}

function pretraining(args, cohort) {
  const phase = (out) => pretrainPhase(out, cohort);
  return {
    args,
    again: (out) => (phase(out) === 'start' ? args : ['pretrain', '--resume', '--out', 'out']),
    phase,
    steps: STEPS,
    logged: (out) => linesOf(join(out, 'metrics.jsonl')),
  };
}

/** Of what writes its mark last: by whether the folder and the mark are there. */
const marked = (name) => (out) =>
  existsSync(join(out, name)) ? 'end' : existsSync(out) ? 'images' : 'start';

/**
 * `args`: the command; `again`: what goes on after a fault, the same where it is missing; `phase`: how far it was;
 * `steps` and `logged`: of what trains, how many steps it makes, and has logged; `weights`: whether it reads some; `under`
 * and `env`: a command that runs it, and what that is told; `together`: whether several on one folder all do it, and none is
 * refused. All write into `out`, and read what lies beside the folder that they run in.
 */
export const jobs = {
  phantom: {
    args: ['phantom', '--out', 'out', '--subjects', '4', '--phases', '1', '--size', '48', '--seed', '7'],
    phase(out) {
      if (!existsSync(join(out, 'cohort.unfinished.json')))
        return existsSync(join(out, 'cohort.json')) ? 'end' : 'start';
      return 'subjects';
    },
  },
  prepare: {
    args: ['prepare', '../cohort', '--out', 'out', '--size', '64', '--spacing', '4'],
    phase: marked('manifest.json'),
  },
  pretrain: pretraining(
    [
      ...['pretrain', ...training, ...steps],
      ...set({ 'phantom.subjects': 3, 'phantom.phases': 1, 'phantom.size': 32 }),
    ],
    true,
  ),
  /** A pretraining on images that are there, of one task: the least that there is to compile. */
  train: pretraining(['pretrain', ...training, ...steps, '--data', '../cohort', '--task', 'location'], false),
  /** The same by two ranks. */
  ranks: {
    ...pretraining(['pretrain', ...training, ...steps, '--data', '../cohort', '--task', 'location'], false),
    under: ['mpirun', '-n', '2'],
    env: allowed,
  },
  predict: {
    args: [
      ...['predict', '--data', '../cohort', '--weights', '../weights/out', '--out', 'out'],
      ...['--adapter', 'swiftshader'],
    ],
    phase: (out) => (existsSync(out) ? 'class maps' : 'start'),
    weights: true,
  },
  experiment: {
    args: ['experiment', '../experiment.json', '--out', 'out'],
    phase: (out) => (existsSync(join(out, 'report.html')) ? 'end' : existsSync(out) ? 'runs' : 'start'),
    together: true,
  },
};

/** What the job `experiment` makes: two points and a pretraining. */
const grid = { size: 16, spacingMm: 12, batch: 4, validateEvery: 4, checkpointEvery: 4 };
const hearts = (seed) => ({ subjects: 3, phases: 1, size: 32, seed });
const made = { ...grid, steps: 4, tasks: ['location'], phantom: hearts(12) };
export const experiment = {
  name: 'races',
  base: { ...grid, adapter: 'swiftshader', model: { width: 4, depth: 2 }, phantom: hearts(11) },
  initialisations: { scratch: null, pretrained: { pretraining: made } },
  subjects: { test: { seed: 13, subjects: 3 } },
  labelled: [1],
  steps: [4],
  seeds: [1],
};

/** The cohort that jobs read. */
export const cohort = ['phantom', '--out', 'cohort', '--subjects', '3', '--phases', '1', '--size', '32'];

/** Makes the weights of one that reads some, in a folder beside the cohort. */
export const weights = [
  ...['finetune', ...training, '--data', '../cohort', '--task', 'segmentation', '--steps', '2'],
];
