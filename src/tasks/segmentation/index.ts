/** @file Segmentation: the class of each pixel, by cross entropy and soft Dice (nnU-Net's loss, Isensee et al. 2021). */
import * as ops from '../../autograd/ops.ts';
import { ConfigError } from '../../base/errors.ts';
import { listed } from '../../base/words.ts';
import { type Field, field } from '../../data/field.ts';
import { isLabelled, type Sample } from '../../data/sample.ts';
import { UNKNOWN } from '../../data/types.ts';
import { type Head, pixelHead } from '../../models/heads.ts';
import { tensor } from '../../tensor/create.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { either, least0, list, oneOf, text } from '../settings.ts';
import { defineTask, type Facts, type Step } from '../task.ts';
import { balancedWeights, classCounts } from './classes.ts';
import { pooledDice } from './figure.ts';
import { VolumeJudge } from './judge.ts';

const weightings = ['equal', 'balanced'] as const;

export interface SegmentationSettings {
  /** Weight of the cross entropy in the loss. */
  readonly crossEntropy: number;
  /** Weight of the soft Dice loss. */
  readonly dice: number;
  /** Of the classes in the cross entropy, background first; `balanced`: by how rare they are in the training masks. */
  readonly classWeights: (typeof weightings)[number] | readonly number[];
  /** Names of the classes that eject: of those that the data have, the ejection fraction is measured. */
  readonly chambers: readonly string[];
}

const NO_MASKS =
  'Task segmentation: the data have no masks of two classes or more. Give images with masks, or leave the task out.';

function classesOf({ classes = [] }: Facts): readonly string[] {
  if (classes.length < 2) throw new ConfigError(NO_MASKS);
  if (classes.length <= UNKNOWN) return classes;
  throw new ConfigError(
    `Task segmentation: ${classes.length} classes are more than the ${UNKNOWN} of a mask.`,
  );
}

function checkSettings({ crossEntropy, dice, classWeights }: SegmentationSettings, classes: number): void {
  if (crossEntropy === 0 && dice === 0)
    throw new ConfigError('Task segmentation: crossEntropy and dice are both 0. Give one of them a weight.');
  if (typeof classWeights === 'string' || classWeights.length === classes) return;
  throw new ConfigError(
    `Task segmentation: classWeights are ${classWeights.length}, but there are ${classes} classes. Give one for each, background first.`,
  );
}

/** Class numbers of the batch, UNKNOWN where they are not known: in places, or of a whole image. */
function labelsOf(step: Step, mask: Field): Tensor {
  const flags = step.mask(mask);
  const known = ops.cast(ops.reshape(flags, [flags.shape[0]!, 1, 1]), 'bool');
  return ops.where(known, step.at(mask), UNKNOWN);
}

/**
 * The weighted sum of both parts. Dice is that of the batch, not of each image: a slice near base or apex may lack a
 * class, of which an image's own Dice says nothing but how little was found where nothing is.
 */
function lossOf(
  logits: Tensor,
  labels: Tensor,
  { crossEntropy, dice }: SegmentationSettings,
  weights: readonly number[] | null,
): Tensor {
  const ignoreIndex = UNKNOWN;
  const classWeights = weights ? tensor(logits.device, weights, [weights.length]) : undefined;
  const parts = [
    { weight: crossEntropy, of: () => ops.crossEntropy(logits, labels, { ignoreIndex, classWeights }) },
    { weight: dice, of: () => ops.softDice(logits, labels, { ignoreIndex, background: false }) },
  ].filter(({ weight }) => weight > 0);
  return parts
    .map(({ weight, of }) => (weight === 1 ? of() : ops.affine(of(), weight)))
    .reduce((sum, part) => ops.add(sum, part));
}

/** The weights of the classes, once the training images are known. */
class ClassWeights {
  readonly #setting: SegmentationSettings['classWeights'];
  readonly #classes: number;
  #balanced: readonly number[] | null = null;

  constructor(setting: SegmentationSettings['classWeights'], classes: number) {
    this.#setting = setting;
    this.#classes = classes;
  }

  learn(training: readonly Sample[]): void {
    if (this.#setting === 'balanced') this.#balanced = balancedWeights(classCounts(training, this.#classes));
  }

  /** Null: all alike. */
  get values(): readonly number[] | null {
    if (typeof this.#setting !== 'string') return this.#setting;
    if (this.#setting === 'equal') return null;
    if (this.#balanced) return this.#balanced;
    throw new ConfigError(
      'Task segmentation: balanced class weights are those of the training images. Call check(training) before loss.',
    );
  }
}

export const segmentation = defineTask<SegmentationSettings>({
  name: 'segmentation',
  title: 'Segmentation',
  about: 'Which class each pixel belongs to.',
  lossTitle: 'Segmentation, cross entropy and soft Dice',
  masks: true,
  settings: {
    crossEntropy: least0,
    dice: least0,
    classWeights: either(oneOf(weightings), list(least0), 'equal, balanced or a list of numbers'),
    chambers: list(text),
  },
  defaults: {
    crossEntropy: 1,
    dice: 1,
    classWeights: 'equal',
    chambers: ['left ventricle', 'right ventricle'],
  },
  setup(facts, settings, grid) {
    const classes = classesOf(facts);
    checkSettings(settings, classes.length);
    const weights = new ClassWeights(settings.classWeights, classes.length);
    const mask = field('classes', { kind: 'mask', shape: [grid.size, grid.size], dtype: 'u32' });
    const head: Head = pixelHead('final', classes.length);
    return {
      fields: [mask],
      heads: [head],
      series: classes.slice(1),
      tells: `where ${listed(classes.slice(1))} lie in an image`,
      fill({ views: [first] }, row) {
        const { sample } = first!;
        if (isLabelled(sample)) row.set(mask, sample.mask()!);
      },
      loss: (step) => lossOf(step.out(head), labelsOf(step, mask), settings, weights.values),
      figure: pooledDice(head, grid.size),
      judge: (training) => new VolumeJudge({ head, classes, chambers: settings.chambers, grid }, training),
      check(training) {
        if (!training.some(isLabelled))
          throw new ConfigError(
            'Task segmentation: no training image has a mask. Give images with masks, or leave the task out.',
          );
        weights.learn(training);
      },
    };
  },
});
