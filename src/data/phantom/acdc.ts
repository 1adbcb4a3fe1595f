/** @file Writes a phantom subject in the layout of ACDC: two NIfTI volumes with masks, and Info.cfg. */

import { type NiftiVolume, writeNifti } from '../nifti.ts';
import type { ImagePlane, Vec3 } from '../types.ts';
import { scale, subtract } from '../vector.ts';
import type { EncodedFile } from './dicom.ts';
import type { PhantomImage, PhantomSubject } from './subject.ts';

/**
 * `acdc/<id>/<id>_frameNN.nii.gz`, the same with `_gt`, at end diastole and end systole, and `Info.cfg`.
 * Frame numbers count from 1, as in ACDC. Slices run from base to apex.
 */
export function encodeAcdc(subject: PhantomSubject): EncodedFile[] {
  const { info, id } = subject;
  const folder = `acdc/${id}`;
  const phases = [...new Set([info.endDiastole, info.endSystole])];
  const files = phases.flatMap((phase) => {
    const stack = subject.images.filter((image) => image.view === 'sax' && image.phase === phase);
    const path = `${folder}/${id}_frame${String(phase + 1).padStart(2, '0')}`;
    const image = volumeOf(stack, (one) => one.pixels);
    const mask = volumeOf(stack, (one) => one.mask!);
    return [
      { path: `${path}.nii.gz`, bytes: writeNifti(image, { type: 'i16', gzip: true }) },
      { path: `${path}_gt.nii.gz`, bytes: writeNifti(mask, { type: 'u8', gzip: true }) },
    ];
  });
  return [{ path: `${folder}/Info.cfg`, bytes: new TextEncoder().encode(infoText(subject)) }, ...files];
}

function infoText({ info, group }: PhantomSubject): string {
  const lines = [
    `ED: ${info.endDiastole + 1}`,
    `ES: ${info.endSystole + 1}`,
    `Group: ${group}`,
    `Height: ${info.heightCm.toFixed(1)}`,
    `NbFrame: ${info.phases}`,
    `Weight: ${info.weightKg.toFixed(1)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function volumeOf(
  stack: readonly PhantomImage[],
  valuesOf: (image: PhantomImage) => ArrayLike<number>,
): NiftiVolume {
  const { rows, columns, spacingMm } = stack[0]!.plane;
  const data = new Float32Array(rows * columns * stack.length);
  stack.forEach((image, k) => {
    data.set(valuesOf(image), k * rows * columns);
  });
  const step = sliceStep(stack.map((image) => image.plane));
  const dims = [columns, rows, stack.length];
  const distance = Math.sqrt(step[0] ** 2 + step[1] ** 2 + step[2] ** 2);
  return {
    dims,
    spacing: [spacingMm[1], spacingMm[0], distance],
    affine: affineOf(stack[0]!.plane, step),
    data,
  };
}

function sliceStep(planes: readonly ImagePlane[]): Vec3 {
  return scale(subtract(planes.at(-1)!.position, planes[0]!.position), 1 / (planes.length - 1));
}

/** Voxel indices to millimetres in RAS: NIfTI's first two axes run against DICOM's. */
function affineOf(plane: ImagePlane, step: Vec3): number[] {
  const i = scale(plane.rowDirection, plane.spacingMm[1]);
  const j = scale(plane.columnDirection, plane.spacingMm[0]);
  const row = (axis: 0 | 1 | 2, sign: number): number[] =>
    [i[axis], j[axis], step[axis], plane.position[axis]].map((value) => sign * value);
  return [...row(0, -1), ...row(1, -1), ...row(2, 1), 0, 0, 0, 1];
}
