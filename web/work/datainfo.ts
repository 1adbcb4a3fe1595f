/** @file A data set as the page shows it. */
import { subjectsOf } from '../../src/data/split.ts';
import type { PreparedData, Reason } from '../../src/data/types.ts';
import { kneeSpacingMm } from '../../src/data/usualgrid.ts';
import { bytesOf } from '../../src/data/values.ts';
import { isBodyPlane } from '../../src/data/viewnames.ts';
import { turnedLine } from '../../src/run/datalines.ts';
import type { DataInfo, Grid, KeptData, MadeSettings } from '../protocol.ts';

/** What is kept beside the prepared images. */
export interface Source extends Pick<DataInfo, 'kind' | 'name' | 'warnings' | 'notices'> {
  /** Of built-in studies. */
  readonly made: MadeSettings | null;
  /** For the list of what is kept; absent in data of a page that kept one data set only. */
  readonly about?: Omit<KeptData, 'key' | 'name'>;
}

/** As pages of earlier visits kept it, of hearts alone. */
interface EarlierSource extends Omit<Source, 'kind' | 'made'> {
  readonly kind: Source['kind'] | 'hearts';
  readonly made?: MadeSettings | null;
  readonly hearts?: MadeSettings | null;
}

export function parseSource(text: string): Source {
  const { hearts = null, made = hearts, kind, ...source } = JSON.parse(text) as EarlierSource;
  return { ...source, made, kind: kind === 'hearts' ? 'made' : kind };
}

/** `30 built-in hearts, mid`. */
export const madeName = ({ subjects, anatomy = 'heart', difficulty }: MadeSettings): string =>
  `${subjects} built-in ${anatomy}s, ${difficulty}`;

/** How many images each warning concerns. */
export class DataWarnings {
  readonly #counts = new Map<string, { message: string; images: number }>();

  /** Counted by code: messages of one kind name what differs, and the first stands for all. */
  add = (_file: string, { code, message }: Reason): void => {
    const known = this.#counts.get(code);
    if (known) known.images++;
    else this.#counts.set(code, { message, images: 1 });
  };

  get list(): DataInfo['warnings'] {
    return [...this.#counts.values()];
  }
}

interface Given {
  readonly key: string;
  readonly source: Source;
  readonly data: PreparedData;
  readonly originals: boolean;
}

export function infoOf({ key, source, data, originals }: Given): DataInfo {
  const { images, referenceViews, targetView, size, spacingMm, skipped } = data.manifest;
  const { classes = [], labels = {} } = data.manifest;
  const turned = turnedLine(data.manifest);
  return {
    key,
    kind: source.kind,
    name: source.name,
    subjects: subjectsOf(data),
    images: images.length,
    targetView,
    referenceViews,
    lines: referenceViews.map((_, view) => images.filter(({ lines }) => lines[view]).length),
    locations: images.filter(({ location }) => location !== null).length,
    classes,
    labels: Object.keys(labels),
    skipped,
    warnings: source.warnings,
    // Kept by a page that did not tell them yet.
    notices: [...(source.notices ?? []), ...(turned === null ? [] : [turned])],
    originals,
    size,
    spacingMm,
    bytes: bytesOf(data),
  };
}

/** What is kept beside a data set's images, with what the list of all says of it. */
export function described(given: Given): Source {
  const { images, targetView, classes, size, spacingMm, bytes, subjects } = infoOf(given);
  const about = { subjects: subjects.length, images, targetView, classes, size, spacingMm, bytes };
  return { ...given.source, about };
}

/** As on the command line: knees, which are imaged in the planes of the body, have a field of view of their own. */
export const spacingFor = (targetView: string | undefined, { size, spacingMm }: Grid): number =>
  isBodyPlane(targetView ?? null) ? kneeSpacingMm(size) : spacingMm;
