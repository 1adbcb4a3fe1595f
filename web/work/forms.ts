/** @file What the page offers for a training, and the configuration that comes of it. */
import { assign, settingsOf } from '../../src/run/assign.ts';
import {
  type GivenConfig,
  mergeGiven,
  presets,
  type RunConfig,
  resolveConfig,
} from '../../src/run/config.ts';
import type { ModelSection } from '../../src/train/settings.ts';
import type { Grid, Preset, Setting, TrainingForm } from '../protocol.ts';

/** Those that suit a tab. */
const words = {
  small: {
    title: 'Small',
    about: 'U-Net of 16 channels at 32 px: minutes on a GPU, and a laptop’s processor manages too.',
  },
  zhang2024: {
    title: 'Zhang et al. 2024',
    about: 'The published network and schedule: 64 channels at 224 px. Wants a GPU and hours.',
  },
} satisfies Partial<Record<RunConfig['preset'], Pick<Preset, 'title' | 'about'>>>;

function presetOf(name: keyof typeof words): Preset {
  const { tasks, batch, steps, learningRate, seed, size, spacingMm, phantom } = presets[name];
  return {
    ...words[name],
    grid: { size, spacingMm },
    form: { preset: name, tasks: Object.keys(tasks), batch, steps, learningRate, seed },
    heartsImageSize: phantom.size,
  };
}

/** Every preset as the page shows it. */
export const pagePresets: Readonly<Record<string, Preset>> = Object.fromEntries(
  (Object.keys(words) as (keyof typeof words)[]).map((name) => [name, presetOf(name)]),
);

/** A short run validates and keeps a checkpoint this many times. */
const TIMES = 10;

/**
 * The configuration of a form for data on a grid. Throws ConfigError in words where a number is out of range or the
 * images do not fit the network.
 * @param model of the weights it starts from
 */
export function configOf(
  { init, beside, split, set = {}, ...form }: TrainingForm,
  { size, spacingMm }: Grid,
  model?: ModelSection,
): RunConfig {
  const preset = form.preset as RunConfig['preset'];
  const every = Math.max(1, Math.ceil(form.steps / TIMES));
  const { validateEvery, checkpointEvery } = presets[preset];
  const sets: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(set)) assign(sets, path, value);
  const given: GivenConfig = {
    ...form,
    preset,
    tasks: [...form.tasks],
    ...(model && { model }),
    // named, so that what is said of them is no contradiction
    ...(init && { init: 'the loaded weights' }),
    ...(beside !== undefined && { unlabelled: 'the data beside' }),
    ...(split && { subjects: split.subjects }),
    size,
    spacingMm,
    validateEvery: Math.min(validateEvery, every),
    checkpointEvery: Math.min(checkpointEvery, every),
  };
  return resolveConfig(mergeGiven(given, sets));
}

/** What the form itself, the data or the page decides. */
const decided = new Set<keyof RunConfig>([
  ...(['preset', 'batch', 'steps', 'learningRate', 'seed', 'data', 'unlabelled', 'init', 'target'] as const),
  ...(['fold', 'subjects'] as const),
  ...(['map', 'size', 'spacingMm', 'phantom', 'mirror', 'adapter', 'identifiers', 'out'] as const),
]);

/** Every further setting of a form's training, as it is where nothing is set. */
export function furtherSettings({ set: _, ...form }: TrainingForm, grid: Grid): Setting[] {
  const config = configOf(form, grid);
  const open = Object.entries(config).filter(([key]) => !decided.has(key as keyof RunConfig));
  return settingsOf(Object.fromEntries(open)).map(([path, value]) => ({ path, value }));
}
