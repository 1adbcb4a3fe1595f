/** @file Checks that views were found and can be used; what is said where they were not. */

import { ConfigError } from '../../base/errors.ts';
import { some } from '../../base/words.ts';
import { type LeftOut, type Scan, type ScannedImage, skippedText } from '../scan.ts';
import type { SkippedFile } from '../types.ts';
import { isBodyPlane } from '../viewnames.ts';

/** Skipped files that an error lists. */
const MOST_LISTED = 5;

function nothingUsable(skipped: readonly SkippedFile[], from: string | undefined): string {
  const where = from === undefined ? '' : ` in ${from}`;
  return `No usable DICOM image was found${where}. Point to a folder of DICOM files.${skippedList(skipped)}`;
}

/** The first skipped files with their reasons, as lines behind an error; '' where there are none. */
export function skippedList(skipped: readonly SkippedFile[]): string {
  if (skipped.length === 0) return '';
  const listed = skipped.slice(0, MOST_LISTED).map(skippedText);
  const rest = skipped.length - listed.length;
  const lines = rest > 0 ? [...listed, `and ${rest} more`] : listed;
  const count = skipped.length === 1 ? '1 file was' : `${skipped.length} files were`;
  return ` ${count} skipped:${lines.map((line) => `\n  ${line}`).join('')}`;
}

/** What views a user asked for. */
interface Asked {
  readonly from?: string;
  readonly target: string;
  readonly references: readonly string[];
}

/**
 * Throws ConfigError where no image of the target view or of an asked reference view was found, or views contradict
 * each other.
 */
export function checkViews(asked: Asked, found: ReadonlySet<string>, { images, skipped }: Scan): void {
  const { target, references } = asked;
  if (references.includes(target) || new Set(references).size !== references.length)
    throw new ConfigError(
      `Reference views [${references.join(', ')}] repeat one or hold the target ${target}. Name each once.`,
    );
  const missing = references.filter((view) => !found.has(view));
  const views = [...found].sort().join(', ') || 'none';
  if (found.has(target) && missing.length > 0)
    throw new ConfigError(
      `No image of reference view ${missing.join(', ')} (views found: ${views}). Choose among these, or map folders, series or descriptions to views, e.g. --map 2ch=2-chamber.`,
    );
  if (found.has(target)) return;
  throw new ConfigError(
    images.length === 0
      ? nothingUsable(skipped, asked.from)
      : `No ${target} image among ${images.length} images (views found: ${views}; series: ${seriesText(images)}). ` +
          `Map folders, series or descriptions to views, e.g. --map sax=short-axis --map 2ch=2-chamber${otherTarget(found)}.${skippedList(skipped)}`,
  );
}

/** What else could be labelled. */
function otherTarget(found: ReadonlySet<string>): string {
  const planes = [...found].filter(isBodyPlane).sort();
  return planes.length > 0 ? `, or label another view, e.g. --target ${planes.at(-1)}` : '';
}

/** What series call themselves, for those who must map them. */
function seriesText(images: readonly ScannedImage[]): string {
  const names = [...new Set(images.map(({ header }) => header.seriesDescription ?? 'without description'))];
  return some(names, 8);
}

/** The error where no image of the target view is usable. */
export function noneUsable(own: readonly ScannedImage[], targetView: string, left: LeftOut): ConfigError {
  const reasons = new Map(
    own.flatMap((image) => left.get(image) ?? []).map(({ code, message }) => [code, message]),
  );
  const why = [...reasons].map(([code, message]) => `\n  ${code}: ${message}`).join('');
  return new ConfigError(
    `None of the ${own.length} ${targetView} images can be used, e.g. ${own[0]!.source.path}:${why}`,
  );
}
