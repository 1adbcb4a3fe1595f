/** @file Which plane is a view's reference, and its line in an image: for preparation, labels and page alike. */

import { intersectingLine } from '../geometry.ts';
import { type LeftOut, type ScannedImage, seriesOf } from '../scan.ts';
import type { Line, Reason } from '../types.ts';
import { spaceReason, spacesDiffer } from './frames.ts';
import { wantedOf } from './order.ts';
import { areEven, stepOf } from './spacing.ts';
import type { Stack } from './stacks.ts';

/** The image whose plane stands for a view, or why there is none. */
export type Reference =
  | { readonly image: ScannedImage; readonly reason?: undefined }
  | { readonly image: null; readonly reason: Reason };

/** What one reference view gives an image. */
export interface TargetReference {
  /** In the image's original pixels. */
  readonly line: Line | null;
  readonly reason?: Reason;
  /** File whose plane was used, when one was found. */
  readonly file?: string;
  /** Index of the image in a file of several, from 0. */
  readonly fileFrame?: number;
}

const missing = (code: string, message: string): Reference => ({ image: null, reason: { code, message } });

/** Why an image of a reference view is not the one whose plane is used. */
const otherSlice: Reason = {
  code: 'OTHER_SLICE',
  message: 'Of a stack of reference planes another slice stands for the view.',
};
const otherPlane = (used: string): Reason => ({
  code: 'REPEATED_VIEW',
  message: `The view was acquired again; the plane of ${used} is used.`,
});

/** Whether slices make a stack, of which the middle counts, and are not one plane acquired again elsewhere. */
function isStack(stack: Stack): boolean {
  const { locations } = stack;
  if (new Set(locations.flat().map(seriesOf)).size < locations.length) return true;
  const places = locations.map((images, i) => ({ positionMm: positionOf(stack, i), images: [...images] }));
  const thickness = locations[0]![0]!.header.sliceStepMm ?? 0;
  // Planes that overlap by more than half are one plane, acquired again after a breath.
  return locations.length > 2 && areEven(places) && stepOf(places) > thickness / 2;
}

/** Where a slice lies along its stack, mm. */
function positionOf({ locations }: Stack, slice: number): number {
  const [first, own] = [locations[0]![0]!.header.plane.position, locations[slice]![0]!.header.plane.position];
  return Math.hypot(own[0] - first[0], own[1] - first[1], own[2] - first[2]);
}

/**
 * The image whose plane stands for a reference view beside a target stack: of the view's stacks in the target's frame of
 * reference, and of its study where there are any, the one acquired last (`wantedOf`); in that the middle slice,
 * floor(n / 2), or the one asked for; of single planes acquired again the last.
 * @param slice 0 is the base end
 * @example
 * const none = { date: null, seconds: null };
 * const made = { acquired: none, seriesMade: none, contentMade: none };
 * const header = { ...made, seriesUid: '2', plane: { position: [0, 0, 0] } };
 * const space = { study: '1', frame: '7', open: false };
 * const long = { space, locations: [[{ source: { path: '4ch/a.dcm' }, header }]] };
 * data.chooseReference({ space, locations: [] }, [long], '4-chamber').image.source.path; // "4ch/a.dcm"
 */
export function chooseReference(
  target: Stack,
  stacks: readonly Stack[],
  view: string,
  slice?: number,
): Reference {
  if (stacks.length === 0) return missing('NO_REFERENCE', `The subject has no ${view} image.`);
  const comparable = stacks.filter(({ space }) => !spacesDiffer(target.space, space));
  const own = comparable.filter(({ space }) => space.study === target.space.study);
  const usable = own.length > 0 ? own : comparable;
  if (usable.length === 0) {
    const reason = spaceReason(view, target.locations[0]![0]!, stacks[0]!.locations[0]![0]!);
    return { image: null, reason };
  }
  const images = wantedOf(usable.map(({ locations }) => locations.flat()));
  const stack = usable.find(({ locations }) => locations[0]![0] === images[0])!;
  const { locations } = stack;
  const middle = isStack(stack) ? Math.floor(locations.length / 2) : latestPlane(stack);
  const image = locations[slice ?? middle]?.[0];
  if (image) return { image };
  return missing(
    'REFERENCE_SLICE',
    `Slice ${slice} was asked of ${view}, whose stack has ${locations.length === 1 ? 'one slice' : `${locations.length} slices`}, counted from 0.`,
  );
}

/** Of one plane acquired again, the last that was not broken off. */
function latestPlane({ locations }: Stack): number {
  const wanted = wantedOf(locations);
  return locations.indexOf(wanted);
}

/**
 * A reference's line in an image, or why there is none.
 * @example
 * const across = { position: [0, 0, 0], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0], spacingMm: [2, 2] };
 * const along = { ...across, position: [8, 0, 0], rowDirection: [0, 1, 0], columnDirection: [0, 0, 1] };
 * const image = (path, plane) => ({ source: { path }, header: { fileFrame: null, plane } });
 * const { line, file } = data.referenceLine(image('sax.dcm', across), { image: image('4ch.dcm', along) });
 * [line, file]; // [[1,0,-4],"4ch.dcm"]
 */
export function referenceLine(image: ScannedImage, reference: Reference): TargetReference {
  if (reference.image === null) return { line: null, reason: reference.reason };
  const { source, header } = reference.image;
  const place = header.fileFrame === null ? {} : { fileFrame: header.fileFrame };
  return { ...intersectingLine(image.header.plane, header.plane), file: source.path, ...place };
}

/** The images of a reference view's stacks of which no plane in `used` is, and why. */
export function unusedPlanes(stacks: readonly Stack[], used: ReadonlySet<ScannedImage>): LeftOut {
  const out: LeftOut = new Map();
  const planes = stacks.flatMap(({ locations }) => locations.map(([first]) => first!));
  const other = otherPlane(planes.find((plane) => used.has(plane))?.source.path ?? 'another file');
  for (const stack of stacks) {
    const chosen = stack.locations.some(([first]) => used.has(first!));
    const reason = chosen && isStack(stack) ? otherSlice : other;
    for (const images of stack.locations.filter(([first]) => !used.has(first!)))
      for (const image of images) out.set(image, reason);
  }
  return out;
}
