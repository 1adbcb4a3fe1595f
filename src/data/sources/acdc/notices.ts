/** @file What a user should know about the subjects and the masks of a data set. */
import { plural, some } from '../../../base/words.ts';
import { groupBy } from '../../lists.ts';
import type { Notice } from '../../types.ts';
import { labelNames, type Masks } from './masks.ts';
import type { Subject } from './subjects.ts';
import type { PreparedVolume } from './volume.ts';

const volumesText = (count: number, total: number): string => `${count} of ${plural(total, 'volume')}`;

/** Names of the classes that a volume's labels lack. */
function missingIn({ labels }: PreparedVolume, classes: readonly string[]): string {
  const present = new Set([...(labels?.present ?? [])].map((label): string => labelNames[label]!));
  return classes
    .slice(1)
    .filter((name) => !present.has(name))
    .join(', ');
}

function partialNotice(volumes: readonly PreparedVolume[], { classes, partial }: Masks): Notice[] {
  const own = volumes.filter(({ labels }) => labels !== null && partial.includes(labels));
  if (own.length === 0) return [];
  const first = `${own[0]!.file} (no ${missingIn(own[0]!, classes)})`;
  const message = `In ${volumesText(own.length, volumes.length)} a class never occurs that others have, first ${first}: background is unknown there.`;
  return [{ code: 'PARTIAL_LABELS', message }];
}

function emptyNotice({ emptySlices: count }: Masks, taken: 'unknown' | 'background'): Notice[] {
  if (count === 0) return [];
  const what = count === 1 ? '1 slice of a labelled volume has' : `${count} slices of labelled volumes have`;
  const how =
    taken === 'unknown'
      ? 'taken as unlabelled (--empty-slices background takes them as background)'
      : 'background';
  return [{ code: 'EMPTY_SLICES', message: `${what} no label: ${how}.` }];
}

/** Volumes without labels, volumes that lack a class, and slices without labels: each kind once. */
export function maskNotices(
  volumes: readonly PreparedVolume[],
  masks: Masks | null,
  emptySlices: 'unknown' | 'background',
): Notice[] {
  if (!masks) return [{ code: 'NO_MASKS', message: 'No volume has labels, so the data have no masks.' }];
  const bare = volumes.filter(({ labels }) => (labels?.present.size ?? 0) === 0);
  const text = `${volumesText(bare.length, volumes.length)} without labels, first ${bare[0]?.file}: their masks are unknown.`;
  return [
    ...(bare.length > 0 ? [{ code: 'NO_LABELS', message: text }] : []),
    ...partialNotice(volumes, masks),
    ...emptyNotice(masks, emptySlices),
  ];
}

/** Ids that stand for patients of several folders: whether they are one, the files do not say. */
export function sharedNotices(subjects: readonly Subject[], volumes: readonly PreparedVolume[]): Notice[] {
  const used = new Set(volumes.flatMap(({ images }) => images.map(({ subject }) => subject)));
  const groups = groupBy(
    subjects.filter(({ name, shared }) => shared && used.has(name)),
    ({ patient }) => patient.id.toLowerCase(),
  );
  return [...groups.values()]
    .filter((own) => own.length > 1)
    .map((own) => {
      const names = some(
        own.map(({ name }) => name),
        4,
      );
      const message = `${own[0]!.patient.id} stands for ${own.length} patients, by folders: ${names}. If they are one, give one of the folders, or who trains may also test.`;
      return { code: 'SHARED_ID', message };
    });
}
