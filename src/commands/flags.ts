/** @file Keys of the configuration that have a flag of their own, and what they are where nobody says; --set reaches the others. */
import { type Preset, presets, type RunConfig } from '../run/config.ts';
import { sourceInfos } from '../run/sourceinfos.ts';
import { adapterChoices } from '../tensor/environment.node.ts';
import { orElse, usualAdapter } from './help.ts';

const kinds = sourceInfos()
  .map(({ title }) => title)
  .join(' or ');

const flagTexts = {
  data: ['--data <folder>', `a folder of ${kinds}, or a prepared store`],
  unlabelled: ['--unlabelled <folder>', 'further images, for the tasks that need no masks and no groups'],
  target: ['--target <view>', 'the view that is learnt from'],
  out: ['--out <folder>', 'the folder of the run'],
  preset: ['--preset <name>', `what holds where nothing is said: ${Object.keys(presets).join(', ')}`],
  init: [
    '--init <weights>',
    'start from the weights of this run, of a .safetensors or .npz file, or builtin: those in the package; schedule and optimiser begin anew',
  ],
  initParts: ['--init-parts <which>', 'of these weights all that fit, or those of the encoder'],
  freeze: ['--freeze <part>', 'what keeps the weights it starts from: none or encoder'],
  freezeSteps: ['--freeze-steps <count>', 'how many steps that is for'],
  labelled: ['--labelled <count>', 'use the masks or groups of so many training subjects, and no others'],
  fold: ['--fold <k/n>', 'who tests: the k-th of n folds of the subjects, drawn by the seed'],
  steps: ['--steps <count>', 'training steps'],
  batch: ['--batch <images>', 'images in a step'],
  learningRate: ['--lr <rate>', 'learning rate'],
  schedule: ['--schedule <name>', 'constant, cosine, step (×0.3 each fifth) or halving (each tenth)'],
  seed: ['--seed <seed>', 'the same seed gives the same weights on the same adapter'],
  'model.width': ['--width <channels>', 'channels of the first level'],
  size: ['--size <pixels>', 'side of the prepared images'],
  spacingMm: ['--spacing <mm>', 'pixel spacing of the prepared images'],
  emptySlices: [
    '--empty-slices <what>',
    'what slices without any label are, in volumes that have labels: unknown or background',
  ],
  identifiers: [
    '--identifiers <what>',
    'what people and files are called in what is written: pseudonyms, or keep their names',
  ],
  precision: ['--precision <name>', 'f32, or mixed: convolutions in f16 (the adapter needs shader-f16)'],
  gradientSums: ['--gradient-sums <type>', 'what gradients are sent as between ranks (mpirun): f32 or f16'],
  adapter: ['--adapter <choice>', `what to compute on: ${adapterChoices.join(', ')}`],
  tune: [
    '--tune [seconds]',
    'first time the kernel variants that fit, for a minute or so many seconds, and train with the fastest',
  ],
} as const satisfies Readonly<Record<string, readonly [flag: string, help: string]>>;

export type Flag = keyof typeof flagTexts;
export const flagNames = Object.keys(flagTexts) as Flag[];

/** `--init-parts <which>` */
export const flagOf = (flag: Flag): string => flagTexts[flag][0];

/** Which presets a command begins with. */
export interface Beginning {
  readonly preset: Preset;
  /** Where its tasks learn groups and no masks. */
  readonly presetOfGroups?: Preset;
}

/** In words, where the preset's value is none that a user would type, or not the whole truth. */
const words: Partial<Record<Flag, (config: RunConfig, begun: Beginning) => string>> = {
  data: () => 'a phantom cohort',
  unlabelled: () => 'none',
  target: () => 'short-axis; of phantom knees sagittal',
  out: ({ out }) => `the first free ${out}-N`,
  preset: ({ preset }, { presetOfGroups }) =>
    presetOfGroups && presetOfGroups !== preset ? `${preset}; for groups alone ${presetOfGroups}` : preset,
  init: () => 'as drawn by the seed',
  freezeSteps: () => 'all',
  labelled: () => 'all',
  fold: ({ testFraction }) => `a share of ${testFraction}`,
  spacingMm: ({ spacingMm }) => `${spacingMm}; of another --size what shows as much; of a store its own`,
  size: ({ size }) => `${size}; of a store its own`,
  adapter: () => usualAdapter,
  tune: () => 'a fixed order',
};

const valueAt = (config: unknown, path: string): unknown =>
  path.split('.').reduce((inner, key) => (inner as Record<string, unknown>)[key], config);

/** A flag's line of help, with what holds without it: as the preset has it that the command begins with. */
export function flagHelp(flag: Flag, begun: Beginning): string {
  const config = presets[begun.preset];
  return orElse(flagTexts[flag][1], words[flag]?.(config, begun) ?? String(valueAt(config, flag)));
}
