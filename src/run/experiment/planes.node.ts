/** @file Planes planned on an experiment's test studies with the networks of its pretrainings, kept in their folders. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, PlanningError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { listed } from '../../base/words.ts';
import { dicomReader } from '../../data/decoding.ts';
import { listFiles, readBytes } from '../../data/files/files.node.ts';
import type { Identifiers } from '../../data/identifiers/pseudonyms.ts';
import { plainReason } from '../../data/identifiers/reasons.ts';
import { openStore } from '../../data/store.node.ts';
import { findPlanStacks, type PlanStack, type PlanStacks } from '../../data/study/stackplan.ts';
import { parseViewRule } from '../../data/study/views.ts';
import type { TrainingData } from '../../data/types.ts';
import { viewName } from '../../data/viewnames.ts';
import type { PlannedStudies, ShownStudy } from '../../results/planes.ts';
import type { Device } from '../../tensor/device.ts';
import { DiskFiles } from '../../train/runfiles.node.ts';
import { readText, writeText } from '../../train/runfiles.ts';
import { weightsFile } from '../../train/weightsfile.ts';
import { chosenStacks, comparedPlanes, LOOKS, shownStudy, usualLines } from '../compareplanes.ts';
import { type RunConfig, trainConfigOf } from '../config.ts';
import type { Stage } from '../dataset.node.ts';
import { folderNames, namedData } from '../identifiers.node.ts';
import { drawsLines, NoPlaneError, type PlannedStack, Planner } from '../planner.ts';
import { loadTrained } from '../trained.ts';
import type { TestStudies } from './data.node.ts';

/** Beside a pretraining's weights: what planning with them came to. */
const planesFile = 'planes.json';

export const isPlanned = (folder: string): boolean => existsSync(join(folder, planesFile));

/** What planning with a pretraining came to; null where its network draws no lines, or before it was done. */
export async function readPlanned(folder: string): Promise<PlannedStudies | null> {
  const text = await readText(new DiskFiles(folder), planesFile);
  return text === null ? null : (parseJson(text, join(folder, planesFile)) as PlannedStudies | null);
}

/** A finished pretraining. */
export interface PlannedWith {
  readonly folder: string;
  readonly store: string;
  readonly config: RunConfig;
}

const storeOf = async ({ store, config }: PlannedWith): Promise<TrainingData> =>
  namedData(await openStore(store), store, config.identifiers);

const nothing = (none: string): PlannedStudies => ({ planes: [], refused: [], shown: [], none });

/** The stacks of test subjects that have real views; none where the folder holds no study to plan on. */
async function stacksOf(
  { folder, subjects, map }: TestStudies,
  planner: Planner,
  identifiers: Identifiers,
): Promise<PlanStacks | null> {
  const options = { planned: planner.views, targetView: planner.targetView, views: map.map(parseViewRule) };
  try {
    const found = await findPlanStacks(await listFiles(folder), options);
    const real = found.stacks.filter((stack) => stack.real.size > 0);
    const names = await folderNames(folder, identifiers, { subjects: real.map(({ subject }) => subject) });
    const stacks = real
      .map((stack) => ({ ...stack, subject: names.subject(stack.subject) }))
      .filter(({ subject }) => !subjects || subjects.includes(subject));
    return stacks.length > 0 ? { ...found, stacks } : null;
  } catch (error) {
    // of volumes and the like nobody asked for planes
    if (error instanceof ConfigError || error instanceof PlanningError) return null;
    throw error;
  }
}

const NONE_READ = 'None of the images of its stack could be read.';

/** Plans stack by stack; those that cannot be planned are told with why. */
async function planStacks(planner: Planner, { plan, stacks }: PlanStacks, stage: Stage) {
  const planned: PlannedStack[] = [];
  const refused: { subject: string; message: string }[] = [];
  const tell = ({ subject, real }: PlanStack, reasons: PlannedStack['refused']): void => {
    for (const { view, reason } of reasons)
      if (real.has(view)) refused.push({ subject, message: plainReason(reason).message });
  };
  for (const [i, stack] of stacks.entries()) {
    try {
      const own = await planner.plan(stack, plan);
      planned.push(own);
      tell(stack, own.refused);
    } catch (error) {
      if (error instanceof NoPlaneError) {
        tell(stack, error.refused);
        continue;
      }
      // ConfigError, which names files: none of its images can be read
      if (!(error instanceof PlanningError || error instanceof ConfigError)) throw error;
      const why = error instanceof PlanningError ? plainReason(error).message : NONE_READ;
      for (const view of stack.real.keys())
        refused.push({ subject: stack.subject, message: `${viewName(view)}: ${why}` });
    }
    stage.update(i + 1, stack.subject);
  }
  return { planned, refused };
}

async function plannedStudies(
  planner: Planner,
  studies: TestStudies | null,
  identifiers: Identifiers,
  startStage: (label: string, total: number) => Stage,
): Promise<PlannedStudies> {
  const views = listed(planner.views.map(viewName));
  if (!studies)
    return nothing('The test subjects’ original images are not known here, so no planes were planned.');
  const found = await stacksOf(studies, planner, identifiers);
  if (!found)
    return nothing(`No test subject has a stack with real ${views} views, so no planes were planned.`);
  const stage = startStage('planning planes', found.stacks.length);
  try {
    const { planned, refused } = await planStacks(planner, found, stage);
    const read = dicomReader();
    const realImage = (plane: object) =>
      found.plan.outcomes.find(({ image }) => image.header.plane === plane)!.image;
    const shown: ShownStudy[] = [];
    for (const { own: chosen, place } of chosenStacks(planned)) {
      const study = await shownStudy(chosen, place, read, realImage);
      if (study.views.length > 0) shown.push(study);
    }
    return { planes: comparedPlanes(planned), refused, shown, none: null };
  } finally {
    stage.end();
  }
}

/** Plans on the test studies with a pretraining's network, where that draws lines, and keeps what came of it. */
export async function planTestStudies(
  device: Device,
  made: PlannedWith,
  studies: TestStudies | null,
  { batch, startStage }: { readonly batch: number; startStage(label: string, total: number): Stage },
): Promise<void> {
  const file = join(made.folder, weightsFile);
  const trained = await loadTrained(device, await readBytes(file), file);
  try {
    const planned = drawsLines(trained.plan)
      ? await plannedStudies(
          new Planner(trained, file, {
            batch,
            turns: LOOKS,
            usual: usualLines(trainConfigOf(made.config), await storeOf(made)),
          }),
          studies,
          made.config.identifiers,
          startStage,
        )
      : null;
    await writeText(new DiskFiles(made.folder), planesFile, `${JSON.stringify(planned)}\n`);
  } finally {
    trained.network.dispose();
  }
}
