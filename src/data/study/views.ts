/** @file Which anatomical view and which subject an image belongs to: by the user's mapping, by folder, by description. */

import { ConfigError } from '../../base/errors.ts';
import { refused } from '../../base/needed.ts';
import { some } from '../../base/words.ts';
import { planeNormal } from '../geometry.ts';
import { nearestNames } from '../lists.ts';
import { folderOf, type Scan, type ScannedImage } from '../scan.ts';
import type { ImagePlane } from '../types.ts';
import type { BODY_PLANES } from '../viewnames.ts';

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
  [/(^|[^a-z0-9])(2[ _-]?(c(?![0-9])|ch|cv|chamber)|two[ _-]?chamber|vla)(?![a-z])/i, '2-chamber'],
  [/(^|[^a-z0-9])(3[ _-]?(c(?![0-9])|ch|cv|chamber)|three[ _-]?chamber|lvot)(?![a-z])/i, '3-chamber'],
  [/(^|[^a-z0-9])(4[ _-]?(c(?![0-9])|ch|cv|chamber)|four[ _-]?chamber|hla)(?![a-z])/i, '4-chamber'],
  [/(^|[^a-z0-9])(sax|short[ _-]?ax(is|e)?)(?![a-z])/i, 'short-axis'],
  [/(^|[^a-z0-9])(lax|long[ _-]?ax(is|e)?)(?![a-z])/i, 'long-axis'],
];

/** What names and directions mean a plane of the body. */
const bodyPlanes: readonly (readonly [
  pattern: RegExp,
  view: (typeof BODY_PLANES)[number],
  axis: 0 | 1 | 2,
])[] = [
  [/(^|[^a-z0-9])sag(ittal)?(?![a-z])/i, 'sagittal', 0],
  [/(^|[^a-z0-9])cor(onal)?(?![a-z])/i, 'coronal', 1],
  [/(^|[^a-z0-9])(ax(ial)?|tra(ns(vers(e|al))?)?)(?![a-z])/i, 'axial', 2],
];

/** Views that have a name here: the heart's, and the planes of other organs. */
const viewNames = [...knownViews, ...bodyPlanes].map(([, view]) => view);

/** Cosine of the largest angle between an image's normal and the body's axis that it is named for: 40°. */
const LEAST_COSINE = Math.cos((40 * Math.PI) / 180);

/** The body's plane that an image lies in or nearly so, whatever it is called; null where it is oblique. */
export function bodyPlaneOf(plane: ImagePlane): string | null {
  const normal = planeNormal(plane);
  return bodyPlanes.find(([, , axis]) => Math.abs(normal[axis]) >= LEAST_COSINE)?.[1] ?? null;
}

/** How a mapping is written. */
export const VIEW_RULE = 'a mapping folder-or-series=view, such as sax=short-axis,';

/** "sax=short-axis" as given to --map; null where either side is missing. */
export function viewRuleIn(text: string): ViewRule | null {
  const at = text.lastIndexOf('=');
  const [match, view] = [text.slice(0, Math.max(0, at)).trim(), text.slice(at + 1).trim()];
  return at > 0 && match !== '' && view !== '' ? { match, view } : null;
}

/**
 * As `viewRuleIn`. Throws ConfigError when either side is missing.
 * @example
 * data.parseViewRule('cine_sa*=short-axis'); // {"match":"cine_sa*","view":"short-axis"}
 */
export function parseViewRule(text: string): ViewRule {
  const rule = viewRuleIn(text);
  if (rule) return rule;
  throw new ConfigError(`view mapping: ${refused('', text, `${VIEW_RULE} is needed`)}.`);
}

const escapeGlob = (text: string): string => text.replace(/[.+^${}()|[\]\\]/g, '\\$&');

/** Letters with their accents in one character: disks of other systems keep the two apart. */
const composed = (text: string): string => text.normalize('NFC');

type Test = (text: string) => boolean;

/** Words that occur in a text. */
function wordsTest(words: string): Test {
  const found = new RegExp(`(^|[^\\p{L}\\p{N}])${escapeGlob(words)}($|[^\\p{L}\\p{N}])`, 'iu');
  return (text) => found.test(text);
}

/**
 * A glob for a whole text. What stands between its stars is looked for piece by piece, each as early as it can be: as one
 * expression with `.*` for the stars, a few of these take longer than anybody waits.
 */
function globTest(glob: string): Test {
  const pieces = glob.split(/\*+/).map((piece) => escapeGlob(piece).replaceAll('?', '.'));
  const [first, ...others] = pieces;
  const last = others.pop();
  if (last === undefined) {
    const whole = new RegExp(`^${first}$`, 'isu');
    return (text) => whole.test(text);
  }
  const [start, end] = [new RegExp(`^${first}`, 'isu'), new RegExp(`${last}$`, 'isu')];
  const between = others.map((piece) => new RegExp(piece, 'gisu'));
  return (text) => {
    let at = start.exec(text)?.[0].length ?? -1;
    for (const piece of between) {
      piece.lastIndex = at;
      if (at < 0 || !piece.test(text)) return false;
      at = piece.lastIndex;
    }
    return at >= 0 && end.test(text.slice(at));
  };
}

function patternTest(match: string): Test {
  return /[*?]/.test(match) ? globTest(composed(match)) : wordsTest(composed(match));
}

/** Whether a rule fits a series by its UID, its folder (one name, or the whole path) or its description. */
function testOf({
  match,
}: ViewRule): (folder: string, seriesUid: string | null, description: string | null) => boolean {
  const test = patternTest(match);
  return (folder, seriesUid, description) =>
    seriesUid === match ||
    test(folder) ||
    folder.split('/').some(test) ||
    (description !== null && test(composed(description)));
}

/** Tests by rule, so that a folder of thousands compiles each once. */
const tests = new WeakMap<ViewRule, ReturnType<typeof testOf>>();

function matches(rule: ViewRule, { source, header }: ScannedImage): boolean {
  const test = tests.get(rule) ?? testOf(rule);
  tests.set(rule, test);
  return test(composed(folderOf(source.path)), header.seriesUid, header.seriesDescription);
}

type Names = readonly (readonly [pattern: RegExp, view: string, ...unknown[]])[];

const named = (names: Names, text: string): string | null =>
  names.find(([known]) => known.test(text))?.[1] ?? null;

/** Whether a folder's name tells a view. The planes of the body must be written out: ax and cor may be initials. */
export const namesView = (folder: string): boolean =>
  named(knownViews, folder) !== null || /sagittal|coronal|axial|transvers/i.test(folder);

/**
 * The view of an image, or null: the first of `rules` that matches; else the innermost folder with a known name
 * (sax_*, 2ch_*, 4ch_*, short-axis, …); else a known SeriesDescription. Else a plane of the body (sag, coronal, AX, …) by
 * description, then by folder, so that a cine series is one in whatever folder.
 * @example
 * const image = { source: { path: 'anna/4ch_12/a.dcm' }, header: { seriesUid: null, seriesDescription: null } };
 * [data.viewOf(image), data.viewOf(image, [{ match: '4ch*', view: 'hla' }])]; // ["4-chamber","hla"]
 */
export function viewOf(image: ScannedImage, rules: readonly ViewRule[] = []): string | null {
  const rule = rules.find((r) => matches(r, image));
  if (rule) return rule.view;
  const folders = folderOf(image.source.path).split('/').reverse();
  const description = image.header.seriesDescription ?? '';
  const first = (names: Names, texts: readonly string[]): string | null =>
    texts.map((text) => named(names, text)).find((view) => view !== null) ?? null;
  return first(knownViews, [...folders, description]) ?? first(bodyPlanes, [description, ...folders]);
}

/** Names that a mapping could have meant: last folders and descriptions. */
function seriesNames({ images }: Scan): string[] {
  return images
    .flatMap(({ source, header }) => [
      folderOf(source.path).split('/').at(-1)!,
      header.seriesDescription ?? '',
    ])
    .filter((name) => name !== '');
}

/** Names a user could have meant, as a sentence: the nearest, or what there is. */
function meant(text: string, names: readonly string[]): string {
  const nearest = nearestNames(text, names);
  if (nearest.length > 0) return ` The nearest names are ${nearest.join(', ')}.`;
  const all = [...new Set(names)];
  return all.length === 0 ? '' : ` There are ${some(all, 8)}.`;
}

/**
 * Checks a user's mapping against what was scanned. Throws ConfigError, with the nearest names, where a pattern matches
 * nothing or makes a view that is neither known nor among `asked`.
 */
export function checkRules(rules: readonly ViewRule[], scan: Scan, asked: readonly string[]): void {
  const views = [...asked, ...viewNames];
  for (const rule of rules) {
    const { match, view } = rule;
    if (!views.includes(view))
      throw new ConfigError(
        `--map ${match}=${view} makes a view that nothing asks for.${meant(view, views)} A view of another name must be the target (--target) or a reference (--reference).`,
      );
    const unread = ({ file }: { file: string }): boolean =>
      testOf(rule)(composed(folderOf(file)), null, null);
    if (scan.images.some((image) => matches(rule, image)) || scan.skipped.some(unread)) continue;
    throw new ConfigError(
      `--map ${match}=${view} matches no folder, series or description.${meant(match, seriesNames(scan))} With * or ? a pattern must fit the whole name.`,
    );
  }
}
