/** @file Segmentation: the class of each pixel, by cross entropy and soft Dice (nnU-Net's loss, Isensee et al. 2021). */
import * as ops from '../../autograd/ops.ts';
import { ConfigError } from '../../base/errors.ts';
import { listed } from '../../base/words.ts';
import { type Field, field } from '../../data/field.ts';
import { isLabelled } from '../../data/sample.ts';
import { UNKNOWN } from '../../data/types.ts';
import { type Head, pixelHead } from '../../models/heads.ts';
import { tensor } from '../../tensor/create.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type ClassWeighting, ClassWeights, classWeighting } from '../classWeights.ts';
import { least0, list, text } from '../settings.ts';
import { defineTask, type Facts, type Step } from '../task.ts';
import { classCounts } from './classes.ts';
import { pooledDice } from './figure.ts';
import { VolumeJudge } from './judge.ts';

export interface SegmentationSettings {
  /** Weight of the cross entropy in the loss. */
  readonly crossEntropy: number;
  /** Weight of the soft Dice loss. */
  readonly dice: number;
  /** Of the classes in the cross entropy, background first; `balanced`: by how rare they are in the training masks. */
  readonly classWeights: ClassWeighting;
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

function checkSettings({ crossEntropy, dice }: SegmentationSettings): void {
  if (crossEntropy === 0 && dice === 0)
    throw new ConfigError('Task segmentation: crossEntropy and dice are both 0. Give one of them a weight.');
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

export const segmentation = defineTask<SegmentationSettings>({
  name: 'segmentation',
  title: 'Segmentation',
  about: 'Which class each pixel belongs to.',
  lossTitle: 'Segmentation, cross entropy and soft Dice',
  learnsFrom: 'masks',
  settings: {
    crossEntropy: least0,
    dice: least0,
    classWeights: classWeighting,
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
    checkSettings(settings);
    const weights = new ClassWeights(
      'segmentation',
      settings.classWeights,
      classes.length,
      'background first',
    );
    const mask = field('classes', { kind: 'mask', shape: [grid.size, grid.size], dtype: 'u32' });
    const head: Head = pixelHead('final', classes.length);
    return {
      fields: [mask],
      heads: [head],
      series: classes.slice(1),
      tells: `where ${listed(classes.slice(1))} lie in an image`,
      labelled: isLabelled,
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
        weights.learn(() => classCounts(training, classes.length));
      },
    };
  },
});
