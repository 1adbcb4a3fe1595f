/** @file Planned planes beside the real ones of their studies: errors of all, pictures of some. */
import { PlanewiseError } from '../base/errors.ts';
import type { PixelImage } from '../data/dicom/pixels.ts';
import type { ScannedImage } from '../data/scan.ts';
import type { ImagePlane, Line, TrainingData, Vec3 } from '../data/types.ts';
import { add, scale } from '../data/vector.ts';
import { viewName } from '../data/viewnames.ts';
import { imageIn, middleOf } from '../planning/image.ts';
import { footOn, planeOf } from '../planning/plane.ts';
import { reformat, regrid } from '../planning/reformat.ts';
import { windowed } from '../report/windowing.ts';
import type { ComparedPlane, PlacedPicture, ShownStudy, ShownView } from '../results/planes.ts';
import { splitOf, trainingSamples } from '../train/dataset.ts';
import type { TrainConfig } from '../train/settings.ts';
import { planRun } from './plan.ts';
import type { PlannedStack, PlannedView, RealErrors } from './planner.ts';
import { slicePixels } from './slicepixels.ts';

/** Every slice is looked at once: further looks cost five times the time and make planes no better. */
export const LOOKS = 1;

/** What pictures show, mm, and in how many pixels: a heart and what is around it. */
const [SHOWN_MM, SHOWN_PX] = [160, 80];

/** The line of each view that one would answer without looking, of the subjects that a network is trained on. */
export function usualLines(config: TrainConfig, data: TrainingData): (Line | null)[] {
  const plan = planRun(config, data.manifest);
  const split = splitOf(data, config, plan);
  return plan.tasks.flatMap(
    (planned) => planned.part.lineReader?.usual(trainingSamples(data, planned, split)) ?? [],
  );
}

type WithReal = PlannedView & { readonly real: RealErrors & { readonly plane: ImagePlane } };

const compared = ({ views }: PlannedStack): WithReal[] =>
  views.filter((view): view is WithReal => view.real !== null);

/** Errors of all planes that have a real one. */
export const comparedPlanes = (planned: readonly PlannedStack[]): ComparedPlane[] =>
  planned.flatMap((own) =>
    compared(own).map(({ view, uncertainty, real: { angleDeg, distanceMm, usual } }) => ({
      ...{ subject: own.stack.subject, view: viewName(view), angleDeg, distanceMm, usual },
      uncertainty,
    })),
  );

const meanAngle = (own: PlannedStack): number => {
  const all = compared(own);
  return all.reduce((sum, { real }) => sum + real.angleDeg, 0) / all.length;
};

/** Three that stand for all, whether they look well or not; by the mean angle of their planes. */
const places = [
  [0.25, 'better than three quarters'],
  [0.5, 'in the middle'],
  [0.75, 'worse than three quarters'],
] as const;

/** The studies to show. */
export function chosenStacks(planned: readonly PlannedStack[]): { own: PlannedStack; place: string }[] {
  const able = planned.filter((own) => compared(own).length > 0);
  const sorted = able.map((own) => ({ own, angle: meanAngle(own) })).sort((a, b) => a.angle - b.angle);
  const chosen = places.map(([share, place]) => ({ at: Math.round(share * (sorted.length - 1)), place }));
  return chosen.flatMap(({ at, place }, i) =>
    sorted[at] && chosen.findIndex((other) => other.at === at) === i ? [{ own: sorted[at].own, place }] : [],
  );
}

/** A square of a plane around the foot of a point, with the plane's directions. */
function squareAround(plane: ImagePlane, point: Vec3): ImagePlane {
  const spacing = SHOWN_MM / SHOWN_PX;
  const half = (spacing * (SHOWN_PX - 1)) / 2;
  const corner = add(scale(plane.rowDirection, -half), scale(plane.columnDirection, -half));
  return {
    ...plane,
    position: add(footOn(planeOf(plane), point), corner),
    spacingMm: [spacing, spacing],
    rows: SHOWN_PX,
    columns: SHOWN_PX,
  };
}

/** The pixels of an image; null where they cannot be read, for planning needs its plane alone. */
async function readable(
  read: (image: ScannedImage) => Promise<PixelImage>,
  image: ScannedImage,
): Promise<PixelImage | null> {
  try {
    return await read(image);
  } catch (error) {
    if (error instanceof PlanewiseError) return null;
    throw error;
  }
}

/**
 * A study with its planes, images of the first phase: each view as it was acquired, and the stack resampled where it was
 * planned, framed alike around the point where the real planes cross.
 * A view whose acquired image cannot be read is left out.
 * @param realImage the image of a plane
 */
export async function shownStudy(
  planned: PlannedStack,
  place: string,
  read: (image: ScannedImage) => Promise<PixelImage>,
  realImage: (plane: ImagePlane) => ScannedImage,
): Promise<ShownStudy> {
  // not before: the page, which shows none, begins without what encodes pictures
  const { pngUri } = await import('../report/pictures.ts');
  const picture = (plane: ImagePlane, { rows, columns, values }: PixelImage): PlacedPicture => ({
    plane,
    uri: pngUri(columns, rows, windowed(values), 1),
  });
  const slices = await slicePixels(planned, read);
  const planes = slices.map(({ plane }) => plane);
  const own = compared(planned);
  const middle = middleOf(
    planes,
    own.map(({ real }) => planeOf(real.plane)),
  );
  const shown: ShownView[] = [];
  for (const { view, fit, real } of own) {
    const image = await readable(read, realImage(real.plane));
    if (!image) continue;
    const [acquired, fitted] = [planeOf(real.plane), fit.plane].map((plane) =>
      squareAround(imageIn(plane, planes, middle), middle),
    );
    shown.push({
      ...{ view: viewName(view), angleDeg: real.angleDeg, distanceMm: real.distanceMm },
      real: picture(acquired!, regrid({ plane: real.plane, image }, acquired!)),
      planned: picture(fitted!, reformat(slices, fitted!)),
    });
  }
  const central = slices[Math.floor(slices.length / 2)]!;
  const square = squareAround(central.plane, middle);
  return {
    subject: planned.stack.subject,
    place,
    slice: picture(square, regrid(central, square)),
    views: shown,
  };
}
