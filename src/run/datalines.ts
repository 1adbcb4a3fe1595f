/** @file What a job says of its data, a line each. */
import { groupNames } from '../data/groups.ts';
import type { PreparedData } from '../data/types.ts';
import { splitOf } from '../train/dataset.ts';
import { labelledText } from '../train/labelled.ts';
import { type RunConfig, trainConfigOf } from './config.ts';
import { planRun } from './plan.ts';

/** How many images, of what kind, with which labels. */
export function dataLine({ manifest }: PreparedData): string {
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

/** Whose labels are used, where few are: those that choose the weights are labels too. Null where all are. */
export function labelledLine(data: PreparedData, config: RunConfig): string | null {
  const plan = planRun(config, data.manifest);
  const text = labelledText(data, splitOf(data, trainConfigOf(config), plan), config, plan);
  return text && `Labelled: ${text}`;
}
