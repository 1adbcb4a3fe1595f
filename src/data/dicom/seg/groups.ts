/** @file Functional groups of a segmentation (PS3.3 C.7.6.16): where each frame lies, and which image it is of. */

import { median } from '../../../base/statistics.ts';
import type { Vec3 } from '../../types.ts';
import { cross, dot, subtract } from '../../vector.ts';
import { dcm } from './codes.ts';
import type { SegmentedImage } from './source.ts';

const segmentation = dcm('113076', 'Segmentation');
const sourceImage = dcm('121322', 'Source image for image processing operation');

const orientationGroup = ({ orientation }: SegmentedImage): object => ({
  PlaneOrientationSequence: [{ ImageOrientationPatient: [...orientation] }],
});

/**
 * Distance of neighbouring slices along the first image's normal, mm, where none is missing between them; 0 of a single
 * one. Their mean, in which a gap counts as the slices that it lacks.
 */
function sliceStep(images: readonly SegmentedImage[]): number {
  const [rx, ry, rz, cx, cy, cz] = images[0]!.orientation as [number, number, number, number, number, number];
  const normal = cross([rx, ry, rz], [cx, cy, cz]);
  const between = (from: SegmentedImage, to: SegmentedImage): number =>
    Math.abs(dot(subtract(to.position as unknown as Vec3, from.position as unknown as Vec3), normal));
  const steps = images.slice(1).map((image, i) => between(images[i]!, image));
  const usual = median(steps) ?? 0;
  if (usual === 0) return 0;
  const counts = steps.map((step) => Math.max(1, Math.round(step / usual)));
  return between(images[0]!, images.at(-1)!) / counts.reduce((sum, count) => sum + count, 0);
}

/** A decimal string has 16 characters. */
const short = (mm: number): number => Number(mm.toPrecision(8));

/** Size of voxels; the thickness is the step between images where these have none of their own. */
function measuresGroup({ spacing, thickness }: SegmentedImage, step: number): object {
  return {
    PixelMeasuresSequence: [
      {
        PixelSpacing: [...spacing],
        SliceThickness: thickness ?? (step > 0 ? short(step) : 1),
        ...(step > 0 && { SpacingBetweenSlices: short(step) }),
      },
    ],
  };
}

/** The image that a frame was derived from (C.7.6.16.2.6). */
function derivationGroup({ sopClassUid, sopInstanceUid, frameNumber }: SegmentedImage): object {
  return {
    DerivationImageSequence: [
      {
        SourceImageSequence: [
          {
            ReferencedSOPClassUID: sopClassUid,
            ReferencedSOPInstanceUID: sopInstanceUid,
            ...(frameNumber !== null && { ReferencedFrameNumber: frameNumber }),
            PurposeOfReferenceCodeSequence: [sourceImage],
            SpatialLocationsPreserved: 'YES',
          },
        ],
        DerivationCodeSequence: [segmentation],
      },
    ],
  };
}

/** Whether a group is one for all images; else each frame has its own. */
const sameFor = (images: readonly SegmentedImage[], group: (image: SegmentedImage) => object): boolean =>
  new Set(images.map((image) => JSON.stringify(group(image)))).size === 1;

/** The shared groups and those of every frame: segment by segment, and image by image in each. */
export function functionalGroups(images: readonly SegmentedImage[], segments: number): object {
  const step = sliceStep(images);
  const measures = (image: SegmentedImage): object => measuresGroup(image, step);
  const geometry = [orientationGroup, measures];
  const shared = geometry.filter((group) => sameFor(images, group));
  const own = geometry.filter((group) => !shared.includes(group));
  const groupsOf = (groups: typeof geometry, image: SegmentedImage): object =>
    Object.assign({}, ...groups.map((group) => group(image)));
  const frame = (segment: number, image: SegmentedImage, place: number): object => ({
    ...derivationGroup(image),
    FrameContentSequence: [{ DimensionIndexValues: [segment + 1, place + 1] }],
    PlanePositionSequence: [{ ImagePositionPatient: [...image.position] }],
    SegmentIdentificationSequence: [{ ReferencedSegmentNumber: segment + 1 }],
    ...groupsOf(own, image),
  });
  return {
    SharedFunctionalGroupsSequence: [groupsOf(shared, images[0]!)],
    PerFrameFunctionalGroupsSequence: Array.from({ length: segments }, (_, segment) =>
      images.map((image, place) => frame(segment, image, place)),
    ).flat(),
  };
}
