/** @file Labels as vectors of 0 and 1. */
import { ShapeError } from '../base/errors.ts';
import { expectWhole } from './checks.ts';
import { labelFault } from './labels.ts';
import { launch, linearGrid } from './launch/queue.ts';
import type { Op } from './op.ts';
import * as shaders from './shaders.gen.ts';

/**
 * Labels [..] (i32 or u32) → f32 [.., classes], 1 at each label and 0 elsewhere. A label that is no class is a fault.
 * No gradient.
 */
export const oneHot: Op<{ readonly classes: number }> = {
  name: 'oneHot',
  inputs: ['labels'],
  infer([labels], { classes }) {
    const { shape, dtype } = labels!;
    if (dtype !== 'i32' && dtype !== 'u32')
      throw new ShapeError('oneHot', 'labels', `have dtype ${dtype}`, "Use cast(labels, 'i32').");
    return [{ shape: [...shape, expectWhole('oneHot', 'classes', classes, 1)], dtype: 'f32' }];
  },
  launch(device, [labels], [y], { classes }) {
    if (y!.size === 0) return;
    const { workgroup } = device.caps;
    const quads = Math.ceil(y!.size / 4);
    const { faults, fault } = labelFault(
      device,
      'oneHot',
      labels!,
      classes,
      'Use labels of these classes only.',
    );
    const params = { quads, size: y!.size, classes, fault };
    const grid = linearGrid(quads, workgroup);
    const tensors = { labels: labels!, y: y!, faults };
    launch(device, shaders.oneHot, 'main', tensors, params, grid, { overrides: { WORKGROUP: workgroup } });
  },
};
