/** @file Which anatomical view and which subject an image belongs to: by the user's mapping, by folder, by description. */

import { ConfigError } from '../tensor/errors.ts';
import { folderOf, type ScannedImage } from './scan.ts';

/** A user's mapping: images whose folder, SeriesInstanceUID or SeriesDescription matches are of this view. */
export interface ViewRule {
  /**
   * A SeriesInstanceUID; or a pattern for a folder (one name, or the whole path) or the description, upper and lower
   * case alike. With * or ? it is a glob for the whole text; without, it must occur in it as whole words.
   */
  readonly match: string;
  readonly view: string;
}

/** What names mean when the user says nothing; more telling names first. */
const knownViews: readonly (readonly [pattern: RegExp, view: string])[] = [
  [/(^|[^a-z0-9])(2[ _-]?(ch|cv|chamber)|two[ _-]?chamber|vla)(?![a-z])/i, '2-chamber'],
  [/(^|[^a-z0-9])(3[ _-]?(ch|cv|chamber)|three[ _-]?chamber|lvot)(?![a-z])/i, '3-chamber'],
  [/(^|[^a-z0-9])(4[ _-]?(ch|cv|chamber)|four[ _-]?chamber|hla)(?![a-z])/i, '4-chamber'],
  [/(^|[^a-z0-9])(sax|short[ _-]?ax(is|e)?)(?![a-z])/i, 'short-axis'],
  [/(^|[^a-z0-9])(lax|long[ _-]?ax(is|e)?)(?![a-z])/i, 'long-axis'],
];

/** "sax=short-axis" as given to --map. Throws ConfigError when either side is missing. */
export function parseViewRule(text: string): ViewRule {
  const at = text.lastIndexOf('=');
  const [match, view] = [text.slice(0, Math.max(0, at)).trim(), text.slice(at + 1).trim()];
  if (at > 0 && match !== '' && view !== '') return { match, view };
  throw new ConfigError(
    `"${text}" is not a view mapping. Write it as folder-or-series=view, e.g. sax=short-axis.`,
  );
}

const escapeGlob = (text: string): string => text.replace(/[.+^${}()|[\]\\]/g, '\\$&');

function pattern(match: string): RegExp {
  if (!/[*?]/.test(match)) return new RegExp(`(^|[^a-z0-9])${escapeGlob(match)}($|[^a-z0-9])`, 'i');
  return new RegExp(`^${escapeGlob(match).replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i');
}

function matches(rule: ViewRule, image: ScannedImage): boolean {
  const { seriesUid, seriesDescription } = image.header;
  const folder = folderOf(image.source.path);
  const test = pattern(rule.match);
  return (
    seriesUid === rule.match ||
    test.test(folder) ||
    folder.split('/').some((name) => test.test(name)) ||
    (seriesDescription !== null && test.test(seriesDescription))
  );
}

function knownView(text: string): string | null {
  return knownViews.find(([known]) => known.test(text))?.[1] ?? null;
}

/**
 * The view of an image, or null: the first of `rules` that matches; else the innermost folder with a known name
 * (sax_*, 2ch_*, 4ch_*, short-axis, …); else a known SeriesDescription.
 */
export function viewOf(image: ScannedImage, rules: readonly ViewRule[] = []): string | null {
  const rule = rules.find((r) => matches(r, image));
  if (rule) return rule.view;
  const folders = folderOf(image.source.path).split('/').reverse();
  const byFolder = folders.map(knownView).find((view) => view !== null);
  return byFolder ?? knownView(image.header.seriesDescription ?? '');
}

/** How images are told apart by subject: PatientID (folder where it is blank), or always the first folder. */
export type SubjectRule = 'patient' | 'folder';

/** Name of the subject an image belongs to. */
export function subjectOf(image: ScannedImage, rule: SubjectRule = 'patient'): string {
  const folder = folderOf(image.source.path).split('/')[0] || 'unnamed';
  return rule === 'folder' ? folder : (image.header.patientId ?? folder);
}
