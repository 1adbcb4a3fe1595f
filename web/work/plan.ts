/** @file Planes of other views that loaded weights plan on a stack of a study, beside the real ones. */
import { ConfigError } from '../../src/base/errors.ts';
import type { RealView } from '../../src/data/study/stackplan.ts';
import { stackAxes } from '../../src/planning/axes.ts';
import { Planner } from '../../src/run/planner.ts';
import type { PlanRequest, StudyPlan } from '../protocol.ts';
import { type Library, referenceOf, stacksOf } from './library.ts';
import { BATCH, prepareSlices } from './predict.ts';
import type { LoadedWeights } from './weights.ts';

/** As many as `planewise plan` takes. */
const TURNS = 5;

/**
 * Plans on one stack at one phase.
 * @throws ConfigError where there is no such stack; FileError for weights that tell no lines; PlanningError where nothing
 * can be planned
 */
export async function planStudy(
  library: Library,
  weights: LoadedWeights,
  { subject, stack, frame }: PlanRequest,
): Promise<StudyPlan> {
  const { stacks } = stacksOf(library, subject);
  const chosen = stacks[stack]?.stack;
  if (!chosen) throw new ConfigError(`${subject} has no such stack. Choose another.`);
  const planner = new Planner(weights, weights.name, { batch: BATCH, turns: TURNS });
  const planes = chosen.locations.map(([image]) => image!.header.plane);
  stackAxes(planes);
  const real = planner.views.flatMap((view): [string, RealView][] => {
    const { image } = referenceOf(stacks, chosen, view);
    return image ? [[view, { file: image.source.path, plane: image.header.plane }]] : [];
  });
  const slices = [...chosen.locations.keys()];
  const request = { subject, stack, slice: null, frame };
  const { data } = await prepareSlices(library, weights, stacks, request, slices);
  const { views, refused } = await planner.planPrepared(data, planes, new Map(real));
  return {
    subject,
    stack,
    views: views.map(({ view, image, fit, uncertainty, real: own }) => ({
      view,
      plane: image,
      uncertainty,
      used: fit.slices.filter(({ weight }) => weight > 0).length,
      error: own && { angleDeg: own.angleDeg, distanceMm: own.distanceMm },
    })),
    refused: refused.map(({ reason }) => reason.message),
  };
}
