/** @file Opens a folder's files as the kind of data set that they are. */
import { ConfigError } from '../../base/errors.ts';
import { endings } from '../lists.ts';
import { checkGrid } from '../resample.ts';
import type { Annotation, FileSource, Notice } from '../types.ts';
import { defaultSize, defaultSpacingMm } from '../usualgrid.ts';
import { sources } from './index.ts';
import type { Found, OwnOption, Prepared, Source, SourceOptions } from './source.ts';

/** Of `openFiles`: which sources are looked for. */
export interface OpenOptions extends SourceOptions {
  /** Name of the only source to look for; default: the first that has files there. */
  readonly source?: string;
  /** Images that may have all of these are taken first. */
  readonly annotations?: readonly Annotation[];
  /** Whether images that cannot have them are refused before any is decoded; default false. */
  readonly annotated?: boolean;
}

/** A data set that was found among files, and prepared. */
export interface Opened extends Prepared {
  /** Name of the source that was taken. */
  readonly source: string;
  /** What its files are, in messages: DICOM, say. */
  readonly kind: string;
}

/** Options as messages name them, with their flags. */
const optionNames: Readonly<Record<OwnOption, string>> = {
  views: 'a mapping of views (--map)',
  targetView: 'a target view (--target)',
  referenceViews: 'a reference view (--reference)',
  referenceSlice: 'the slice of a reference view (--reference-slice)',
  subjects: 'what tells subjects apart (--subjects)',
  locationDirection: 'a direction of slice locations (--location)',
  emptySlices: 'what slices without labels are (--empty-slices)',
  classes: 'a choice of classes (--classes)',
  decode: 'decoding in several threads (--jobs)',
};

/** What a source found among files. */
export interface Sighted extends Omit<Found, 'prepare'> {
  /** Of the source. */
  readonly name: string;
}

type Sighting = readonly [source: Source, found: Found];

/**
 * What kinds of data sets are among files, in the order in which they would be taken.
 * @param except name of a source that is not asked
 */
export async function findSources(files: readonly FileSource[], except?: string): Promise<Sighted[]> {
  const seen: Sighted[] = [];
  for (const source of sources) {
    const found = source.name === except ? null : await source.find(files, {});
    if (!found) continue;
    const { prepare: _, ...sighted } = found;
    seen.push({ name: source.name, ...sighted });
  }
  return seen;
}

function wanted({ source: name, annotations = [] }: OpenOptions): readonly Source[] {
  const last = (source: Source): number =>
    Number(annotations.some((one) => !source.annotations?.includes(one)));
  if (name === undefined) return [...sources].sort((a, b) => last(a) - last(b));
  const named = sources.filter((source) => source.name === name);
  if (named.length > 0) return named;
  const names = sources.map((source) => source.name).join(', ');
  throw new ConfigError(`There is no data source ${name}. Choose one of ${names}.`);
}

/** Throws ConfigError where an option was given that means nothing to what was found. */
function checkOptions({ options: own }: Source, { text }: Found, options: SourceOptions): void {
  const names = Object.keys(optionNames) as OwnOption[];
  const stray = names.find((name) => {
    const value = options[name];
    const given = Array.isArray(value) ? value.length > 0 : value !== undefined;
    return given && !own.includes(name);
  });
  if (stray === undefined) return;
  const where = options.from === undefined ? 'There are' : `${options.from} holds`;
  throw new ConfigError(`${where} ${text}, for which ${optionNames[stray]} means nothing. Leave it out.`);
}

/** Throws ConfigError where images come without annotations that are needed. */
function checkAnnotations(
  { annotations: own = [] }: Source,
  { text }: Found,
  { annotations = [], annotated = false, from }: OpenOptions,
): void {
  const lacking = annotations.filter((one) => !own.includes(one));
  if (!annotated || lacking.length === 0) return;
  const having = sources.filter((source) => annotations.every((one) => source.annotations?.includes(one)));
  const titles = having.map(({ title }) => title).join(' or ');
  throw new ConfigError(
    `${from === undefined ? 'There are' : `${from} holds`} ${text}, which come without ${lacking.join(' and ')}. Give ${titles}, or train on these images with tasks that need none.`,
  );
}

function nothingFound(
  asked: readonly Source[],
  { from }: SourceOptions,
  files: readonly FileSource[],
): ConfigError {
  const titles = asked.map(({ title }) => title).join(' or ');
  const paths = files.map(({ path }) => path);
  const there = paths.length === 0 ? '' : ` What is there: ${endings(paths)}.`;
  // of these only volumes are read as they are
  const packed = paths.some((path) => /(?<!\.nii)\.gz$/i.test(path)) ? ' Unpack .gz files first.' : '';
  return new ConfigError(
    `No ${titles} were found${from === undefined ? '' : ` in ${from}`}.${there} Point to a folder of such files.${packed}`,
  );
}

function leftNotice([taken, found]: Sighting, left: readonly Sighting[]): Notice[] {
  if (left.length === 0) return [];
  const others = left.map(([{ name }, { text }]) => `${text} (source ${name})`).join(' and ');
  const message = `Taken are ${found.text} (source ${taken.name}); left are ${others}. Open their folder alone, or name the source, to take those.`;
  return [{ code: 'OTHER_SOURCE', message }];
}

async function sightings(files: readonly FileSource[], options: OpenOptions): Promise<Sighting[]> {
  const asked = wanted(options);
  const seen: Sighting[] = [];
  for (const source of asked) {
    const found = await source.find(files, options);
    if (found) seen.push([source, found]);
  }
  if (seen.length === 0) throw nothingFound(asked, options, files);
  return seen;
}

/**
 * Finds out what kind of data set files are, and prepares it. Where there are several kinds, the first of `sources`
 * that has images there is taken (DICOM first, unless annotations are asked for), and a notice says what was left.
 * @throws ConfigError where no source has files there, nothing of what the source found can be used, annotations that
 * are needed cannot be there, or an option means nothing to it
 * @example
 * const affine = [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1];
 * const volume = { dims: [8, 8, 3], spacing: [2, 2, 8], affine, data: new Float32Array(192) };
 * const files = [{ path: 'patient001/patient001_frame01.nii', read: async () => data.writeNifti(volume) }];
 * const { source, data: { manifest } } = await data.openFiles(files, { size: 8, spacingMm: 2 });
 * [source, manifest.images.map(({ subject }) => subject)]; // ["acdc",["patient001","patient001","patient001"]]
 */
export async function openFiles(files: readonly FileSource[], options: OpenOptions = {}): Promise<Opened> {
  checkGrid(options.size ?? defaultSize, options.spacingMm ?? defaultSpacingMm);
  const seen = await sightings(files, options);
  const taken = seen.find(([, { count }]) => count > 0) ?? seen[0]!;
  const [source, found] = taken;
  checkOptions(source, found, options);
  checkAnnotations(source, found, options);
  const left = seen.filter((one) => one !== taken && one[1].count > 0);
  const notices = leftNotice(taken, left);
  for (const notice of notices) options.onNotice?.(notice);
  const prepared = await found.prepare();
  return { ...prepared, source: source.name, kind: source.kind, notices: [...notices, ...prepared.notices] };
}
