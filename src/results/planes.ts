/** @file Planes planned on studies beside their real ones: each plane's errors, and their medians by view. */
import { median } from '../base/statistics.ts';
import type { ImagePlane } from '../data/types.ts';

/** How far a plane is off: angle between the normals, and distance of the real image's centre. */
export interface PlaneOff {
  readonly angleDeg: number;
  readonly distanceMm: number;
}

/**
 * By view, what planes planned from a network's lines are off by beyond what their fits say of themselves, measured on
 * studies it was not trained on. Weights keep it, for no stack alone can show it.
 */
export type PlannedErrors = Readonly<Record<string, PlaneOff>>;

/** A plane planned where the study has the real one. */
export interface ComparedPlane extends PlaneOff {
  readonly subject: string;
  readonly view: string;
  /** What the plan itself says of its error. */
  readonly uncertainty: PlaneOff;
  /** Of the plane of the usual lines; null where they tell none. */
  readonly usual: PlaneOff | null;
}

/** Medians over planes. */
export interface PlaneMedians {
  /** `all` for every view together. */
  readonly view: string;
  readonly planes: number;
  readonly own: PlaneOff;
  readonly usual: PlaneOff | null;
}

function medianOf(planes: readonly PlaneOff[]): PlaneOff | null {
  const middle = (key: keyof PlaneOff): number | null => median(planes.map((one) => one[key]));
  const [angleDeg, distanceMm] = [middle('angleDeg'), middle('distanceMm')];
  return angleDeg === null || distanceMm === null ? null : { angleDeg, distanceMm };
}

/** Of each view in order of first appearance, and of all where there are several; none without planes. */
export function planeMedians(
  planes: readonly (PlaneOff & { readonly view: string; readonly usual?: PlaneOff | null })[],
): PlaneMedians[] {
  const of = (view: string, some: typeof planes): PlaneMedians[] => {
    const own = medianOf(some);
    const usual = medianOf(some.flatMap((plane) => plane.usual ?? []));
    return own ? [{ view, planes: some.length, own, usual }] : [];
  };
  const views = [...new Set(planes.map(({ view }) => view))];
  const each = views.flatMap((view) =>
    of(
      view,
      planes.filter((plane) => plane.view === view),
    ),
  );
  return each.length > 1 ? [...each, ...of('all', planes)] : each;
}

/** Grey values, 0 … 255, of an image in the patient. */
export interface PlacedPicture {
  readonly plane: ImagePlane;
  /** A PNG as a data URI. */
  readonly uri: string;
}

/** A view of a shown study. */
export interface ShownView extends PlaneOff {
  readonly view: string;
  /** The acquired image, and the stack resampled in the planned plane, framed alike. */
  readonly real: PlacedPicture;
  readonly planned: PlacedPicture;
}

/** A study as pictures show it: a slice of its stack, and the planes beside each other. */
export interface ShownStudy {
  readonly subject: string;
  /** Which of all it is, by error: `in the middle`. */
  readonly place: string;
  readonly slice: PlacedPicture;
  readonly views: readonly ShownView[];
}

/** What planning on test studies came to. */
export interface PlannedStudies {
  readonly planes: readonly ComparedPlane[];
  /** Planes that could not be planned, though the study has the real ones, with why. */
  readonly refused: readonly { readonly subject: string; readonly message: string }[];
  readonly shown: readonly ShownStudy[];
  /** Why nothing was planned; null where something was. */
  readonly none: string | null;
}
