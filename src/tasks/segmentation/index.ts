/** @file Segmentation: the class of each pixel, by cross entropy and soft Dice (nnU-Net's loss, Isensee et al. 2021). */
import { ConfigError } from '../../base/errors.ts';
import { listed } from '../../base/words.ts';
import { field } from '../../data/field.ts';
import { isLabelled } from '../../data/sample.ts';
import { type Head, pixelHead } from '../../models/heads.ts';
import { type ClassWeighting, ClassWeights, classWeighting } from '../classWeights.ts';
import { least0, list, text } from '../settings.ts';
import { defineTask } from '../task.ts';
import { classCounts, classesOf } from './classes.ts';
import { pooledDice } from './figure.ts';
import { VolumeJudge } from './judge.ts';
import { labelsOf, lossOf } from './loss.ts';

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

function checkSettings({ crossEntropy, dice }: SegmentationSettings): void {
  if (crossEntropy === 0 && dice === 0)
    throw new ConfigError('Task segmentation: crossEntropy and dice are both 0. Give one of them a weight.');
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
    const classes = classesOf('segmentation', facts);
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
      channels: classes,
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
