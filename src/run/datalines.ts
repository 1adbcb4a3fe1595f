/** @file What a job says of its data, a line each. */
import { listed, plural, some } from '../base/words.ts';
import { groupNames } from '../data/groups.ts';
import { imagesOf, type Split } from '../data/split.ts';
import type { PreparedManifest, TrainingData } from '../data/types.ts';
import { liesAsStored } from '../data/upright.ts';
import { kneeSpacingMm } from '../data/usualgrid.ts';
import { isBodyPlane } from '../data/viewnames.ts';
import { splitOf, subjectsBeside } from '../train/dataset.ts';
import { labelledText } from '../train/labelled.ts';
import { pretextsOf, type RunConfig, trainConfigOf } from './config.ts';
import { planRun } from './plan.ts';
import { presets } from './presets.ts';

/** How many images, of what kind, with which labels. */
export function dataLine({ manifest }: TrainingData): string {
  const { images, size, spacingMm, targetView, referenceViews, classes = [] } = manifest;
  const groups = Object.entries(groupNames(manifest));
  const labels = [
    ...(referenceViews.length > 0 ? [`lines of ${referenceViews.join(', ')}`] : []),
    ...(classes.length > 0 ? [`masks of ${classes.slice(1).join(', ')}`] : []),
    ...groups.map(([label, names]) => `${label}: ${names.join(', ')}`),
  ];
  const told = labels.length > 0 ? labels.join('; ') : 'no lines and no masks';
  return `Data: ${images.length} ${targetView} images of ${size}×${size} px, ${spacingMm} mm; ${told}`;
}

/** Of a prepared store whose grid is another than a folder's images would have been prepared on; null where it is that. */
export function gridLine(
  { size, spacingMm, targetView }: Pick<PreparedManifest, 'size' | 'spacingMm' | 'targetView'>,
  { preset, data }: Pick<RunConfig, 'preset' | 'data'>,
): string | null {
  const usual = presets[preset];
  const usualMm = isBodyPlane(targetView) ? kneeSpacingMm(usual.size) : usual.spacingMm;
  if (size === usual.size && spacingMm === usualMm) return null;
  return `Grid: ${data} was prepared at ${size} px of ${spacingMm} mm and is taken so; preset ${preset} has ${usual.size} px of ${usualMm} mm`;
}

/** Of a store whose images lie turned; null where none does. */
export function turnedLine({ images }: Pick<PreparedManifest, 'images'>): string | null {
  const turned = images.filter(liesAsStored).length;
  if (turned === 0) return null;
  return `Turned: ${turned} of ${plural(images.length, 'image')}, as stored, for an earlier version prepared them; prepare them again, to have all as radiology shows them`;
}

/** Who trains beside the run's data, and who of them does not. */
function besideLine(data: TrainingData, split: Split, config: RunConfig): string | null {
  if (config.unlabelled === null) return null;
  const { train, namesakes } = subjectsBeside(data, split);
  const who = `${plural(train.length, 'subject')} of ${config.unlabelled}, ${plural(imagesOf(data, train).length, 'image')}, for ${listed(pretextsOf(config))}`;
  const left =
    namesakes.length > 0
      ? `; ${some(
          namesakes.map((name) => data.manifest.beside![name]!),
          3,
        )} left out, for subjects of these names validate or test`
      : '';
  return `Unlabelled: ${who}${left}`;
}

/** Whose labels are used, where few are (those that choose the weights are labels too), and who trains without any. */
export function subjectLines(data: TrainingData, config: RunConfig): string[] {
  const plan = planRun(config, data.manifest);
  const split = splitOf(data, trainConfigOf(config), plan);
  const labelled = labelledText(data, split, config, plan);
  return [labelled && `Labelled: ${labelled}`, besideLine(data, split, config)].filter(
    (line) => line !== null,
  );
}
