/** @file The target images of one subject: slice, phase, location and reference planes of each. */

import type { LeftOut, ScannedImage } from '../scan.ts';
import { type LocationDirection, sameOrientation } from '../stackgeometry.ts';
import type { Notice, Reason } from '../types.ts';
import { stackTurns, type Turn } from '../upright.ts';
import { stacksApart } from './apart.ts';
import { findSpaces, type Space, spacesDiffer } from './frames.ts';
import { type MissingPhases, stackPhases } from './phases.ts';
import {
  chooseReference,
  type Reference,
  referenceLine,
  type TargetReference,
  unusedPlanes,
} from './references.ts';
import { buildStacks, evenRuns, type Stack, stackLocations } from './stacks.ts';

/** A target image and all that its header and its neighbours' say. */
export interface Target {
  readonly image: ScannedImage;
  readonly subject: string;
  readonly space: Space;
  /** Index of the stack among the subject's stacks of the target view. */
  readonly stack: number;
  readonly slice: number;
  /** To lie as it is shown, with the other slices of its stack. */
  readonly turn: Turn;
  readonly frame: number;
  readonly location: number | null;
  readonly locationReason?: Reason;
  /** In the order of the plan's referenceViews. */
  readonly references: readonly TargetReference[];
}

/** How a subject's targets are labelled. */
export interface TargetOptions {
  /** Slice (0 = base end) of a reference view that is a stack, by view; default its middle, floor(n / 2). */
  readonly referenceSlice?: Readonly<Record<string, number>>;
  readonly locationDirection?: LocationDirection;
}

/** An image with the subject and the view it is of. */
export interface ViewedImage {
  readonly image: ScannedImage;
  readonly subject: string;
  readonly view: string | null;
}

/** Why a lone slice has no location, where other slices lie in frames of reference that are not its own. */
function foreignSlices(stack: Stack, stacks: readonly Stack[]): Reason | undefined {
  const [own] = stack.locations[0]!;
  const others = stacks.filter(
    ({ space, locations }) =>
      spacesDiffer(space, stack.space) && sameOrientation(locations[0]![0]!.header.plane, own!.header.plane),
  );
  if (others.length === 0) return undefined;
  const uid = ({ header }: ScannedImage): string => header.frameOfReferenceUid ?? 'none';
  const message = `The slices beside it are in other frames of reference (FrameOfReferenceUID ${uid(others[0]!.locations[0]![0]!)}, here ${uid(own!)}), so its place among them is not known.`;
  return { code: 'FRAME_OF_REFERENCE', message };
}

function stackTargets(
  subject: string,
  [view, index, stacks]: readonly [view: string, stack: number, readonly Stack[]],
  references: readonly Reference[],
  direction: LocationDirection,
): { readonly targets: readonly Target[]; readonly missing: readonly MissingPhases[] } {
  const stack = stacks[index]!;
  const found = stackLocations(stack, direction);
  const { locations } = found;
  const { phases, missing } = stackPhases(stack.locations);
  const turns = stackTurns(
    view,
    stack.locations.flat().map(({ header }) => header.plane),
  ).values();
  const reason = found.reason && (foreignSlices(stack, stacks) ?? found.reason);
  const targets = stack.locations.flatMap((images, slice) =>
    images.map((image, i) => ({
      image,
      subject,
      space: stack.space,
      stack: index,
      slice,
      turn: turns.next().value!,
      frame: phases[slice]![i]!,
      location: locations?.[slice] ?? null,
      ...(reason ? { locationReason: reason } : {}),
      references: references.map((reference) => referenceLine(image, reference)),
    })),
  );
  return { targets, missing };
}

export interface SubjectPlan {
  spaceOf(image: ScannedImage): Space;
  readonly targets: readonly Target[];
  readonly notices: readonly Notice[];
  /** Slices that lack phases of the heart's cycle, of all stacks. */
  readonly missing: readonly MissingPhases[];
  /** See `stacksApart`. */
  readonly apart: readonly number[];
}

/** One subject's targets, by the target view and the reference views. Images of its asked views that are none, nor their planes, go to `left`. */
export function planSubject(
  subject: string,
  viewed: readonly ViewedImage[],
  [targetView, ...referenceViews]: readonly [string, ...string[]],
  options: TargetOptions,
  left: LeftOut,
): SubjectPlan {
  const views = new Map(viewed.map(({ image, view }) => [image, view]));
  const usable = viewed.map(({ image }) => image).filter((image) => !left.has(image));
  const all = viewed.map(({ image }) => image);
  const spaces = findSpaces(subject, all, { viewOf: (image) => views.get(image)!, runsOf: evenRuns });
  const stacksOf = (view: string): Stack[] => {
    const own = usable.filter((image) => views.get(image) === view);
    return buildStacks(own, spaces, left);
  };
  const candidates = referenceViews.map((view) => ({ view, stacks: stacksOf(view) }));
  const used = new Set<ScannedImage>();
  const stacks = stacksOf(targetView);
  const planned = stacks.map((stack, index) => {
    const references = candidates.map(({ view, stacks: planes }) =>
      chooseReference(stack, planes, view, options.referenceSlice?.[view]),
    );
    for (const { image } of references) if (image) used.add(image);
    return stackTargets(
      subject,
      [targetView, index, stacks],
      references,
      options.locationDirection ?? 'anatomical',
    );
  });
  const targets = planned.flatMap((own) => own.targets);
  for (const { view, stacks } of candidates)
    leaveUnused(targets, referenceViews.indexOf(view), stacks, used, left);
  const missing = planned.flatMap((own) => own.missing);
  return { targets, notices: spaces.notices, missing, apart: stacksApart(stacks), spaceOf: spaces.spaceOf };
}

const noTarget: Reason = { code: 'NO_TARGET', message: 'The subject has no image of the target view.' };

function leaveUnused(
  targets: readonly Target[],
  channel: number,
  stacks: readonly Stack[],
  used: ReadonlySet<ScannedImage>,
  left: LeftOut,
): void {
  const wanted = targets.some(({ references }) => references[channel]!.file !== undefined);
  const why = targets.length === 0 ? noTarget : targets[0]!.references[channel]!.reason;
  for (const [image, reason] of unusedPlanes(stacks, used)) left.set(image, wanted || !why ? reason : why);
}
