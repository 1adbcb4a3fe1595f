/** @file Plans the planes of a stack with trained weights: lines in every image, one plane a view, the image to acquire. */
import { FileError, PlanningError } from '../base/errors.ts';
import { groupBy } from '../data/lists.ts';
import { type PrepareOptions, preparePlan } from '../data/prepare.ts';
import type { StudyPlan } from '../data/study/plan.ts';
import { frameOfReference, type PlanStack, type RealView } from '../data/study/stackplan.ts';
import type { ImagePlane, Line, PreparedData, Reason, SkippedFile } from '../data/types.ts';
import type { Head } from '../models/heads.ts';
import { stackAxes } from '../planning/axes.ts';
import type { FoundLine, LineSlice } from '../planning/evidence.ts';
import { fitPlane, type PlaneFit } from '../planning/fit.ts';
import { imageIn, middleOf } from '../planning/image.ts';
import { type Plane, type PlaneError, planeError } from '../planning/plane.ts';
import { type PlannedUncertainty, together } from '../planning/uncertainty.ts';
import type { LineReader } from '../tasks/task.ts';
import { predictImages } from '../train/predict.ts';
import { looksOf } from './looks.ts';
import type { Trained } from './trained.ts';

/** The plane of a view as the stack tells it, beside the real one where there is one. */
export interface PlannedView {
  readonly view: string;
  readonly fit: PlaneFit;
  readonly uncertainty: PlannedUncertainty;
  readonly image: ImagePlane;
  readonly real: (RealView & RealErrors) | null;
}

/** How far a planned plane is from the real one. */
export interface RealErrors extends PlaneError {
  /** The same of the plane of the usual lines; null where the planner does not know them. */
  readonly usual: PlaneError | null;
}

/** What was planned on a stack. */
export interface PlannedStack {
  readonly stack: PlanStack;
  readonly frameOfReferenceUid: string;
  /** Images that were looked at, phases counted. */
  readonly images: number;
  readonly views: readonly PlannedView[];
  /** Views whose plane could not be told. */
  readonly refused: readonly { readonly view: string; readonly reason: Reason }[];
  /** Images of the stack that could not be read. */
  readonly skipped: readonly SkippedFile[];
}

export interface PlannerOptions {
  /** Images at a time. */
  readonly batch: number;
  /** In how many positions each image is looked at, evenly spread over ±12°. */
  readonly turns: number;
  /** A line of each view that one would answer in any image, to compare with; see `LineReader.usual`. */
  readonly usual?: readonly (Line | null)[];
  /** Gives an image's pixels; see `PrepareOptions`. */
  readonly readImage?: PrepareOptions['readImage'];
}

/** Whether the network of a plan draws lines, so that planes can be planned with it. */
export const drawsLines = ({ tasks }: Trained['plan']): boolean => tasks.some(({ part }) => part.lineReader);

/** The reader of lines that weights come with, and the heads that it reads. Throws FileError where they have none. */
function readerOf({ plan }: Trained, file: string): Reader {
  for (const { part } of plan.tasks)
    if (part.lineReader) return { reader: part.lineReader, heads: part.heads };
  const names = plan.tasks.map(({ task }) => task.name).join(', ');
  throw new FileError(
    file,
    `was trained on ${names}, which tells no lines of other planes`,
    'Give weights that were trained on studies with reference views (planewise pretrain).',
  );
}

interface Reader {
  readonly reader: LineReader;
  readonly heads: readonly Head[];
}

/** A stack in which none of the views can be planned: why, view by view. */
export class NoPlaneError extends PlanningError {
  readonly refused: PlannedStack['refused'];

  constructor(refused: PlannedStack['refused']) {
    super(refused[0]!.reason.code, refused.map(({ reason }) => reason.message).join(' '));
    this.refused = refused;
  }
}

/** Weights that plan planes. */
export class Planner {
  readonly #trained: Trained;
  readonly #reader: LineReader;
  readonly #heads: readonly Head[];
  readonly #options: PlannerOptions;

  /** @throws FileError where the weights tell no lines. @param file what messages call the weights */
  constructor(trained: Trained, file: string, options: PlannerOptions) {
    this.#trained = trained;
    const { reader, heads } = readerOf(trained, file);
    this.#reader = reader;
    this.#heads = heads;
    this.#options = options;
  }

  /** View of the stacks that the weights know. */
  get targetView(): string {
    return this.#trained.info.targetView;
  }

  /** Views that can be planned. */
  get views(): readonly string[] {
    return this.#reader.views;
  }

  /**
   * @throws PlanningError where nothing can be planned on the stack: too few slices, no frame of reference, no lines
   * @throws ConfigError where none of its images can be read
   */
  async plan(stack: PlanStack, study: StudyPlan): Promise<PlannedStack> {
    const frameOfReferenceUid = frameOfReference(stack);
    const planes = stack.slices.map(([target]) => target!.image.header.plane);
    // before anything is predicted
    stackAxes(planes);
    const { size, spacingMm } = this.#trained.info;
    const own = { ...study, targets: stack.slices.flat(), skipped: [] };
    const { readImage } = this.#options;
    const data = await preparePlan(own, { size, spacingMm, ...(readImage && { readImage }) });
    const { images, skipped } = data.manifest;
    return {
      stack,
      frameOfReferenceUid,
      images: images.length,
      skipped,
      ...(await this.planPrepared(data, planes, stack.real)),
    };
  }

  /**
   * As `plan`, of images that are prepared for the weights.
   * @param data of one stack
   * @param planes of its slices, in their own pixels
   * @throws NoPlaneError where no view can be planned
   */
  async planPrepared(
    data: PreparedData,
    planes: readonly ImagePlane[],
    real: PlanStack['real'],
  ): Promise<Pick<PlannedStack, 'views' | 'refused'>> {
    const lines = await this.#lines(data);
    const fits = this.views.map((view, i) => tryFit(view, slicesOf(data, planes, lines, i)));
    const fitted = fits.flatMap(({ view, fit }) => (fit ? [{ view, fit }] : []));
    const refused = fits.flatMap(({ view, reason }) => (reason ? [{ view, reason }] : []));
    if (fitted.length === 0 && refused.length > 0) throw new NoPlaneError(refused);
    const middle = middleOf(
      planes,
      fitted.map(({ fit }) => fit.plane),
    );
    const views = fitted.map(({ view, fit }): PlannedView => {
      const own = real.get(view);
      const image = imageIn(fit.plane, planes, middle);
      return {
        view,
        fit,
        image,
        uncertainty: this.#uncertainty(view, fit),
        real: own ? { ...own, ...this.#errors(data, planes, fit.plane, own.plane, view) } : null,
      };
    });
    return { views, refused };
  }

  #uncertainty(view: string, { uncertainty }: PlaneFit): PlannedUncertainty {
    const shared = this.#trained.info.plannedErrors?.[view];
    return { ...(shared ? together(uncertainty, shared) : uncertainty), complete: shared !== undefined };
  }

  #errors(
    data: PreparedData,
    planes: readonly ImagePlane[],
    planned: Plane,
    real: ImagePlane,
    view: string,
  ): RealErrors {
    const line = this.#options.usual?.[this.views.indexOf(view)];
    const same = data.manifest.images.map(() => [[line ? { line, weight: 1 } : null]]);
    const { fit } = tryFit(view, slicesOf(data, planes, same, 0));
    return { ...planeError(planned, real), usual: fit && planeError(fit.plane, real) };
  }

  /** Lines by image, look and view. */
  async #lines(data: PreparedData): Promise<(FoundLine | null)[][][]> {
    const { network, info } = this.#trained;
    const { batch, turns } = this.#options;
    const heads = this.#heads;
    const found: (FoundLine | null)[][][] = data.manifest.images.map(() => []);
    const indices = [...found.keys()];
    for (const { input, back } of looksOf(turns)) {
      await predictImages(
        network,
        data,
        indices,
        { batch, input, heads },
        (outputs, { count, indices: rows }) => {
          for (const [row, lines] of this.#reader.read(outputs, count).entries())
            found[rows[row]!]!.push(lines.map((line) => line && back(line, info.size)));
        },
      );
    }
    return found;
  }
}

/** The slices of a stack with the lines of one view; one of which no image was prepared has none. */
function slicesOf(
  { manifest: { images } }: PreparedData,
  planes: readonly ImagePlane[],
  lines: readonly (readonly (readonly (FoundLine | null)[])[])[],
  view: number,
): LineSlice[] {
  const bySlice = groupBy(
    images.map((image, i) => ({ image, looks: lines[i]! })),
    ({ image }) => image.slice,
  );
  return planes.map((plane, slice) => {
    const own = bySlice.get(slice) ?? [];
    return {
      plane: own[0]?.image.plane ?? plane,
      lines: own.flatMap(({ looks }) =>
        looks.flatMap((found, look) => (found[view] ? [{ ...found[view], look }] : [])),
      ),
    };
  });
}

/** A view's plane, or why there is none. */
function tryFit(view: string, slices: readonly LineSlice[]) {
  try {
    return { view, fit: fitPlane(slices), reason: null };
  } catch (error) {
    if (!(error instanceof PlanningError)) throw error;
    return { view, fit: null, reason: { code: error.code, message: `${view}: ${error.message}` } };
  }
}
