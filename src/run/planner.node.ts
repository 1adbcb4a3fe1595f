/** @file Plans a folder's studies in Node: weights of a run or a file, an adapter, stack after stack; and the files of what was planned. */

import { dicomReader } from '../data/decoding.ts';
import { encodePlanned } from '../data/dicom/planned.ts';
import { plainSkipped } from '../data/identifiers/manifest.ts';
import { plainNotices, plainReason } from '../data/identifiers/reasons.ts';
import { imageBytes } from '../data/imagebytes.ts';
import type { Reason } from '../data/types.ts';
import { viewName } from '../data/viewnames.ts';
import { reformat } from '../planning/reformat.ts';
import type { FolderNames } from './identifiers.node.ts';
import { type PlannedStack, type PlannedView, Planner, type PlannerOptions } from './planner.ts';
import type { PlanRecord } from './planrecord.ts';
import { slicePixels } from './slicepixels.ts';
import { type OpenTrained, withTrained } from './trained.node.ts';

export interface OpenPlannerOptions extends PlannerOptions, OpenTrained {}

/** Opens weights for `use`. @throws FileError for weights that tell no lines */
export function withPlanner<T>(
  weights: string,
  options: OpenPlannerOptions,
  use: (planner: Planner) => Promise<T>,
): Promise<T> {
  return withTrained(weights, options, (trained, file) => use(new Planner(trained, file, options)));
}

/** What plan.json may hold: nothing that may name somebody, where names are pseudonyms. */
export async function plainPlan(
  record: Omit<PlanRecord, 'identifiers'>,
  names: FolderNames,
): Promise<PlanRecord> {
  const { identifiers } = names;
  if (!names.key) return { ...record, identifiers };
  const views = record.planned.flatMap((own) => own.views);
  const files = [...record.skipped.map(({ file }) => file), ...views.flatMap(({ real }) => real?.file ?? [])];
  await names.key.learn({ subjects: [], files: files.map((file) => [file, null] as const) });
  const plainView = (view: PlannedView): PlannedView => ({
    ...view,
    real: view.real && { ...view.real, file: names.file(view.real.file, null) },
  });
  const plain = <T extends { readonly reason: Reason }>(one: T): T => ({
    ...one,
    reason: plainReason(one.reason),
  });
  const plainStack = (own: PlannedStack): PlannedStack => ({
    ...own,
    views: own.views.map(plainView),
    refused: own.refused.map(plain),
  });
  const stacks = new Map(record.planned.map((own) => [own, plainStack(own)]));
  return {
    identifiers,
    planned: [...stacks.values()],
    refused: record.refused.map(plain),
    skipped: plainSkipped(record.skipped, names),
    notices: plainNotices(record.notices),
    files: new Map([...record.files].map(([own, images]) => [stacks.get(own)!, images])),
  };
}

/** What planned images show: the stack resampled in their planes (of each slice its first image that was read), or nothing. */
export type PlannedPixels = 'stack' | 'zero';

/** The DICOM file of each planned view. @param pseudonyms whether subjects are, by which the patient is to go. @throws FileError, DicomError where the stack's files cannot be read again */
export async function plannedFiles(
  planned: PlannedStack,
  pixels: PlannedPixels,
  pseudonyms: boolean,
): Promise<{ view: string; bytes: Uint8Array }[]> {
  const { stack, frameOfReferenceUid, views } = planned;
  const whom = pseudonyms ? { pseudonym: stack.subject } : {};
  const first = stack.slices[0]![0]!.image.source;
  const source = { bytes: await imageBytes(first), file: first.path };
  const own = pixels === 'stack' ? await slicePixels(planned, dicomReader()) : [];
  return views.map(({ view, image: plane }) => {
    const { rows, columns } = plane;
    const image =
      pixels === 'stack' ? reformat(own, plane) : { rows, columns, values: new Float32Array(rows * columns) };
    const description = `planned ${viewName(view)}`;
    return {
      view,
      bytes: encodePlanned({ plane, image, frameOfReferenceUid, description, ...whom }, source),
    };
  });
}
