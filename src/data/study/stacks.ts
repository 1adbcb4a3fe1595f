/** @file Groups the images of one subject and view into stacks: parallel slices, base to apex, phases in order. */

import { groupBy } from '../lists.ts';
import type { LeftOut, ScannedImage } from '../scan.ts';
import {
  byOrientation,
  type LocationDirection,
  type LocationResult,
  locationsAlong,
} from '../stackgeometry.ts';
import type { Space, Spaces } from './frames.ts';
import { partsOf } from './parts.ts';
import { onePass, usualCount } from './passes.ts';
import { areEven, fillsGrid, type Place, placesOf } from './spacing.ts';
import { bodyPlaneOf } from './views.ts';

/** Parallel slices of one study in one frame of reference. */
export interface Stack {
  readonly space: Space;
  /**
   * locations[slice][frame]: slices from base to apex (`stackDirection`), phases as `inPhaseOrder` has them. Sagittal
   * slices of a left limb so run from its inner to its outer side; those of a right one are turned round to do the same.
   */
  readonly locations: readonly (readonly ScannedImage[])[];
}

/** Whether images are sagittal ones of a limb or organ on the right. */
function isMirrored(images: Images): boolean {
  const [{ header }] = images as [ScannedImage];
  return header.laterality === 'R' && bodyPlaneOf(header.plane) === 'sagittal';
}

/** Images whose headers were read. */
export type Images = readonly ScannedImage[];

/** Images of one study, frame of reference and orientation. */
function parallelGroups(images: Images, { spaceOf }: Spaces): ScannedImage[][] {
  const spaces = new Map<Space, ScannedImage[]>();
  for (const image of images) {
    const own = spaces.get(spaceOf(image));
    if (own) own.push(image);
    else spaces.set(spaceOf(image), [image]);
  }
  return [...spaces.values()].flatMap(parallelOf);
}

/** Images whose normals agree within `stackToleranceDeg`. */
const parallelOf = (images: Images): ScannedImage[][] => byOrientation(images, ({ header }) => header.plane);

/**
 * The stacks of one subject's images of one view: parallel planes of one study and frame of reference (`findSpaces`) that
 * are evenly spaced, in whichever series they came. What repeats a slice or is not its wanted image goes to `left`.
 * @example
 * const { images } = await data.scanFiles(await data.listFiles(study));
 * const across = images.filter(({ source }) => source.path.startsWith('sax'));
 * const [{ locations }] = data.buildStacks(across, { spaceOf: () => null });
 * [locations.length, locations[0].length]; // [12,2]
 */
export function buildStacks(images: Images, spaces: Spaces, left: LeftOut = new Map()): Stack[] {
  return parallelGroups(images, spaces).flatMap((group) =>
    partsOf(group, left).map((places) => {
      const usual = usualCount(places);
      const locations = places.map((place) => onePass(place.images, usual, left));
      if (isMirrored(group)) locations.reverse();
      return { space: spaces.spaceOf(group[0]!), locations };
    }),
  );
}

const uidsOf = ({ images }: Place): string[] => [
  ...new Set(images.flatMap(({ header }) => header.frameOfReferenceUid ?? [])),
];

/** The slices of a stack, and those of other FrameOfReferenceUID that fill its gaps or go on at its ends on its grid. */
function filled(places: readonly Place[]): Images {
  const byUid = groupBy(
    places.flatMap((place) => uidsOf(place).map((uid) => ({ uid, place }))),
    ({ uid }) => uid,
  );
  const classes = [...byUid.values()].map((own) => own.map(({ place }) => place));
  const [most, ...others] = classes.sort((a, b) => b.length - a.length);
  if (!most) return [];
  const fitting = others.filter((own) => fillsGrid(most, own));
  return fitting.length > 0 ? [most, ...fitting].flat().flatMap(({ images }) => images) : [];
}

/**
 * Slices that lie in one frame of reference whatever their FrameOfReferenceUIDs say: at least three evenly spaced ones
 * each of a UID of its own, and those that fill the gaps of a stack.
 * @example
 * const across = { rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] };
 * const header = (z) => ({ frameOfReferenceUid: `7.${z}`, plane: { ...across, position: [0, 0, z] } });
 * const [run] = data.evenRuns([0, 8, 16].map((z) => ({ source: { path: `${z}.dcm` }, header: header(z) })));
 * run.length; // 3
 */
export function evenRuns(images: Images): Images[] {
  return parallelOf(images).flatMap((group) => {
    const places = placesOf(group);
    const uids = places.flatMap(uidsOf);
    const apart = new Set(uids).size === uids.length && uids.length > 2;
    return [apart && places.length > 2 && areEven(places) ? group : filled(places)];
  });
}

/**
 * Relative location of each slice of a stack, 0 (base, or the inner side) … 1 (apex, or the outer side), or why there is
 * none. 'zhang2024' is what the published code gives, whichever side a limb is on.
 * @example
 * const across = { rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] };
 * const slice = (z) => [{ header: { laterality: null, plane: { ...across, position: [0, 0, z] } } }];
 * data.stackLocations({ locations: [slice(20), slice(12), slice(0)] }).locations; // [0,0.4,1]
 */
export function stackLocations(stack: Stack, direction: LocationDirection = 'anatomical'): LocationResult {
  const firsts = stack.locations.map(([first]) => first!);
  const planes = firsts.map(({ header }) => header.plane);
  const found = locationsAlong(planes, direction);
  if (!found.locations || direction !== 'anatomical' || !isMirrored(firsts)) return found;
  return { locations: found.locations.map((location) => 1 - location) };
}
