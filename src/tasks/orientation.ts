/** @file Orientation (paper §3): where the reference planes cut the image, as heatmaps of the lines. */
import * as ops from '../autograd/ops.ts';
import { headOf, sum, type Task } from './task.ts';

/** Mean squared error of the heatmaps over pixels, views and images; the labels are rendered inside the loss. */
export const orientation: Task = {
  name: 'orientation',
  display: {
    title: 'Orientation',
    about: 'Where the planes of the other views cut this image, as heatmaps of the intersecting lines.',
    shows: 'lines',
  },
  loss: (outputs, { lines, lineMask }, { sigma }) =>
    ops.lineHeatmapMse(headOf(outputs, 'heatmaps', 'orientation'), lines, lineMask, { sigma }),
  labelCount: ({ lineMask }) => sum(lineMask),
};
