/** @file What the gate runs: command lines as a user would write them, each case in a folder of its own. */

/** Data of one case that others train on. */
const store = ['--data', '../data/store'];
const set = (values) => Object.entries(values).flatMap(([key, value]) => ['--set', `${key}=${value}`]);

/** Every part of a training in a few steps: validations and checkpoints between them, all augmentation. */
const tiny = ['--out', 'run', '--width', '4', '--batch', '4', '--seed', '3'];
const six = [...tiny, '--steps', '6'];
const rests = { validateEvery: 3, checkpointEvery: 2 };
const held = { validationFraction: 0.2, testFraction: 0.2 };
const augmentation = set({
  'augmentation.rotationDeg': 20,
  'augmentation.scale': '[0.8,1.2]',
  'augmentation.shiftPx': 3,
  'augmentation.flipX': true,
  'augmentation.flipY': true,
  'augmentation.gain': '[0.8,1.2]',
  'augmentation.offset': 0.2,
});
const usual = [...set({ ...rests, ...held }), ...augmentation];
const dropout = set({ dropout: 0.4 });

const pretrain = (...args) => ['pretrain', ...args.flat()];

/**
 * `commands` run one after another, until one fails. `after`: the case whose folder they read. `f16`: they need
 * shader-f16.
 */
export const cases = [
  {
    name: 'data',
    commands: [
      ['phantom', '--out', 'cohort', '--subjects', '5', '--phases', '2', '--size', '48', '--seed', '7'],
      ['prepare', 'cohort', '--out', 'store', '--size', '32', '--spacing', '8'],
      ['prepare', 'cohort', '--out', 'half', '--size', '16', '--spacing', '16', '--dtype', 'f16', '--json'],
    ],
  },
  {
    name: 'labels',
    after: 'data',
    commands: [
      ['labels', '../data/cohort', '--json', '--size', '32', '--spacing', '8'],
      ['labels', '../data/cohort'],
    ],
  },
  {
    // its cohort is its own, made by threads
    name: 'both',
    commands: [
      pretrain(
        six,
        ['--size', '32'],
        set({ 'phantom.subjects': 3, 'phantom.phases': 1, 'phantom.size': 48 }),
        set({ ...rests, validationFraction: 0.34, testFraction: 0.34 }),
        augmentation,
        dropout,
      ),
    ],
  },
  {
    // long enough to find lines, most of them
    name: 'orientation',
    after: 'data',
    commands: [
      pretrain(
        ['--data', '../data/half', '--out', 'run', '--task', 'orientation', '--seed', '3'],
        ['--width', '4', '--batch', '8', '--steps', '150', '--lr', '0.01'],
        set({ depth: 3, headGain: 1, lineSigmaMm: 16, epoch: 'all', validateEvery: 50, checkpointEvery: 40 }),
        set(held),
      ),
    ],
  },
  {
    // no test subjects
    name: 'location',
    after: 'data',
    commands: [
      pretrain(
        store,
        six,
        ['--task', 'location', '--schedule', 'step', '--json'],
        usual,
        set({ testFraction: 0 }),
        dropout,
      ),
    ],
  },
  {
    name: 'recompute',
    after: 'data',
    commands: [pretrain(store, six, ['--recompute'], usual, dropout, set({ epoch: 'all' }))],
  },
  {
    name: 'resumed',
    after: 'data',
    commands: [
      pretrain(store, tiny, ['--steps', '3', '--schedule', 'constant'], usual, dropout),
      pretrain(['--resume', '--out', 'run', '--steps', '6']),
    ],
  },
  {
    // nobody held out, fewer levels
    name: 'limits',
    after: 'data',
    commands: [
      pretrain(
        store,
        six,
        set({ clipNorm: 0.5, l1: 0.0001, l2: 0.001, alpha: 2, beta: 0.5 }),
        set({ ...rests, validationFraction: 0, testFraction: 0, depth: 3, unusedLayers: true, hidden: 16 }),
        augmentation,
        dropout,
      ),
    ],
  },
  {
    name: 'mixed',
    after: 'data',
    f16: true,
    commands: [pretrain(store, six, ['--precision', 'mixed'], usual, dropout)],
  },
];
