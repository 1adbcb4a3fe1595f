/** @file Location (paper §3): the relative place of the slice in its stack, 0 at the base and 1 at the apex. */
import * as ops from '../autograd/ops.ts';
import { headOf, sum, type Task } from './task.ts';

/** Mean squared error of the location over images. */
export const location: Task = {
  name: 'location',
  display: {
    title: 'Location',
    about: 'How far along its stack the slice lies, from base (0) to apex (1).',
    shows: 'location',
  },
  loss: (outputs, { locations, locationMask }) =>
    ops.maskedMse(headOf(outputs, 'location', 'location'), locations, locationMask),
  labelCount: ({ locationMask }) => sum(locationMask),
};
