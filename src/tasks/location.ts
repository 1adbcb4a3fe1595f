/** @file Location (paper §3): the relative place of the slice in its stack, 0 at the base and 1 at the apex. */
import * as ops from '../autograd/ops.ts';
import { headOf, sum, type Task } from './task.ts';

/** Mean squared error of the location over images. */
export const location: Task = {
  name: 'location',
  loss: (outputs, { locations, locationMask }) =>
    ops.maskedMse(headOf(outputs, 'location', 'location'), locations, locationMask),
  labelCount: ({ locationMask }) => sum(locationMask),
};
