/** @file Groups of subjects by label: the pathology group that a source knows, and labels that have names of their own. */
import { ownOf } from '../base/record.ts';
import type { Groups, PreparedManifest } from './types.ts';

/** The label whose groups are a manifest's `groups`. */
export const pathology = 'pathology';

/** What of a manifest says who is in which group. */
export type Grouped = Pick<PreparedManifest, 'groups' | 'labels'>;

/** Names of the groups of each label, sorted. */
export type GroupNames = Readonly<Record<string, readonly string[]>>;

/** The groups of a label; none where the data do not have it. */
export const groupsOf = ({ groups, labels }: Grouped, label: string): Groups =>
  (label === pathology ? groups : ownOf(labels, label)) ?? {};

/** The group of a subject; null where the label does not say. */
export function groupOf(data: Grouped, label: string, subject: string): string | null {
  return ownOf(groupsOf(data, label), subject) ?? null;
}

/** Which groups the data have, by label. */
export function groupNames({ groups, labels }: Grouped): GroupNames {
  const all = { ...(groups && { [pathology]: groups }), ...labels };
  const names = (of: Groups): string[] => [...new Set(Object.values(of))].sort();
  return Object.fromEntries(Object.entries(all).map(([label, of]) => [label, names(of)]));
}
