/** @file Where training data comes from in Node: a prepared store, a folder of images, or a phantom cohort made for the run. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ConfigError, FileError } from '../base/errors.ts';
import { plural } from '../base/words.ts';
import { withUnlabelled } from '../data/beside.ts';
import { listFiles, sweepTemporary } from '../data/files/files.node.ts';
import { phantomTraits } from '../data/phantom/names.ts';
import { expectWholeCohort, type PhantomCohortOptions } from '../data/phantom.node.ts';
import { anatomies } from '../data/phantom.ts';
import { manifestHead } from '../data/recordfile.node.ts';
import { skippedText } from '../data/scan.ts';
import { sources } from '../data/sources/index.ts';
import { openFiles } from '../data/sources/open.ts';
import { writeStore } from '../data/store.node.ts';
import { manifestName } from '../data/storenames.ts';
import { openForTraining } from '../data/streamed.node.ts';
import { parseViewRule } from '../data/study/views.ts';
import type { TrainingData } from '../data/types.ts';
import { Warnings } from '../data/warnings.ts';
import { makeCohort } from './cohort.node.ts';
import { annotationsOf, type GivenConfig, pretextsOf, type RunConfig } from './config.ts';
import { expectNames, namedData } from './identifiers.node.ts';
import { presets } from './presets.ts';

/** A stretch of work with a length, for a progress line. */
export interface Stage {
  update(done: number, extra?: string): void;
  end(): void;
}

export interface DataOptions {
  readonly startStage: (label: string, total: number) => Stage;
  readonly onWarning: (message: string) => void;
  /** Whether images must have what the tasks learn from; default true. */
  readonly annotated?: boolean;
  /** For threads; see `makeCohort`. */
  readonly worker: URL | null;
  /** Throws where the folder that data are written into is no longer the caller's; see `lockFolder`. */
  readonly expectFolder?: () => Promise<void>;
}

/** In a run's folder, the store of its images. */
export const preparedFolder = 'prepared';
/** In a run's folder, that of the store of further images, which is called as the run's own. */
export const unlabelledFolder = 'unlabelled';

export const isStore = (folder: string): boolean => existsSync(join(folder, manifestName));

/** The view that is prepared of a folder of such a kind that the folder says it. */
function targetIn(folder: string): string | null {
  for (const source of sources) {
    const view = source.targetIn?.((path) => existsSync(join(folder, path)));
    if (view) return view;
  }
  return null;
}

/** What a store says of its images; of another folder the view that is prepared of it, where its kind says one. */
export type DataFacts =
  | { readonly store: { readonly size: number; readonly spacingMm: number; readonly targetView: string } }
  | { readonly store: null; readonly target: string | null };

/** What a folder of data says of itself. @throws FileError for a damaged store */
export async function dataFacts(folder: string): Promise<DataFacts> {
  if (!isStore(folder)) return { store: null, target: targetIn(folder) };
  const { size, spacingMm, targetView } = await manifestHead(join(folder, manifestName));
  return { store: { size, spacingMm, targetView } };
}

/**
 * What data say of their images goes before the preset. Throws ConfigError when the user asked for another size,
 * spacing, view, mapping or masks than the store's.
 * @param facts of `given.data`; null: of a phantom cohort, which says nothing
 */
export function adoptData(given: GivenConfig, facts: DataFacts | null): GivenConfig {
  if (!facts) return given;
  if (!facts.store) return facts.target === null ? given : { target: facts.target, ...given };
  const { size, spacingMm, targetView } = facts.store;
  const differs = (key: 'size' | 'spacingMm', value: number): boolean =>
    given[key] !== undefined && given[key] !== value;
  if (differs('size', size) || differs('spacingMm', spacingMm))
    throw new ConfigError(
      `${given.data} holds images of ${size} px of ${spacingMm} mm. Leave out size and spacing, or prepare the images again.`,
    );
  if (given.target && given.target !== targetView)
    throw new ConfigError(
      `${given.data} holds ${targetView} images, not ${given.target} ones. Leave out target, or prepare the images again.`,
    );
  if (given.map?.length)
    throw new ConfigError(
      `${given.data} is a prepared store, whose views are fixed. Give map when preparing it.`,
    );
  // a configuration that is written whole repeats its preset's value
  const { emptySlices } = presets[given.preset ?? 'small'];
  if ((given.emptySlices ?? emptySlices) !== emptySlices)
    throw new ConfigError(
      `${given.data} is a prepared store, whose masks are fixed. Give emptySlices when preparing it.`,
    );
  return { ...given, size, spacingMm };
}

/** The layout of a phantom cohort that a configuration learns from, by the name of the source that reads it. */
export function phantomLayout(config: RunConfig): string {
  const [studies, annotated] = anatomies[config.phantom.anatomy].layouts;
  return annotationsOf(config).length > 0 ? annotated : studies;
}

/** Where the data come from, in a report: a folder, by its name where names are kept, or words for a cohort. */
export function dataName({ data, identifiers, phantom: { anatomy, difficulty } }: RunConfig): string {
  if (data !== null) return identifiers === 'keep' ? basename(data) : 'a folder';
  return `phantom cohort${anatomy === 'heart' ? '' : ` (${anatomy})`}, ${difficulty}`;
}

/** The view to prepare, as sources take it. */
export function viewOption({ data, phantom, target }: RunConfig): { readonly targetView?: string } {
  const view = target ?? (data === null ? phantomTraits[phantom.anatomy].targetView : null);
  return view === null ? {} : { targetView: view };
}

/** The phantom cohort of a configuration: of hearts whole, of knees what is read of it, for that takes longer to make. */
function phantomCohort(config: RunConfig): PhantomCohortOptions {
  const { phases, ...phantom } = config.phantom;
  return phantom.anatomy === 'heart' ? config.phantom : { ...phantom, layout: phantomLayout(config) };
}

/** A folder's images as a configuration asks for them, in memory. @throws ConfigError when nothing usable is found */
export async function prepareFolder(
  folder: string,
  config: RunConfig,
  options: DataOptions,
): Promise<TrainingData> {
  await expectWholeCohort(folder);
  await expectNames(folder, config.identifiers);
  const files = await listFiles(folder);
  const annotations = annotationsOf(config);
  const warnings = new Warnings();
  let stage: Stage | undefined;
  let phase = '';
  const { data } = await openFiles(files, {
    from: folder,
    // A phantom cohort has both studies and annotated volumes; which are meant needs no word.
    ...(config.data === null
      ? { source: phantomLayout(config) }
      : { annotations, annotated: options.annotated ?? true }),
    ...viewOption(config),
    // sources without masks know no such option; unknown is the default of the others
    ...(config.emptySlices === 'background' &&
      annotations.includes('masks') && { emptySlices: 'background' }),
    size: config.size,
    spacingMm: config.spacingMm,
    views: config.map.map(parseViewRule),
    onWarning: warnings.add,
    onNotice: ({ message }) => options.onWarning(message),
    onProgress(progress) {
      if (progress.phase !== phase) {
        stage?.end();
        phase = progress.phase;
        stage = options.startStage(phase === 'scan' ? 'reading headers' : 'reading images', progress.total);
      }
      stage?.update(progress.done);
    },
  });
  stage?.end();
  for (const { code, count, file, message } of warnings.list)
    options.onWarning(`${code}: ${plural(count, 'image')}, first ${file}: ${message}`);
  const { skipped } = data.manifest;
  if (skipped.length > 0)
    options.onWarning(`${plural(skipped.length, 'file')} skipped, first ${skippedText(skipped[0]!)}`);
  return data;
}

async function makePhantom(folder: string, config: RunConfig, options: DataOptions): Promise<void> {
  const stage = options.startStage('making phantom subjects', config.phantom.subjects);
  await makeCohort(folder, phantomCohort(config), options.worker, (done) => stage.update(done));
  stage.end();
}

/** What a store holds; null where it is not there, or damaged, of which `onWarning` is told. */
export async function wholeStore(
  store: string,
  { onWarning }: Partial<Pick<DataOptions, 'onWarning'>> = {},
  open: (store: string) => Promise<TrainingData> = openForTraining,
): Promise<TrainingData | null> {
  if (!isStore(store)) return null;
  try {
    return await open(store);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    onWarning?.(`${error.message} Preparing again.`);
    return null;
  }
}

/**
 * The run's data. A folder's images, DICOM or laid out as ACDC, are prepared into `<out>/prepared`, a phantom cohort is made in `<out>/cohort` first;
 * a resumed run finds both there.
 * @throws ConfigError when nothing usable is found; FileError when a folder cannot be read or written
 */
export async function openData(
  config: RunConfig,
  resume: boolean,
  options: DataOptions,
): Promise<TrainingData> {
  const { data: from, identifiers } = config;
  if (from !== null && isStore(from)) return namedData(await openForTraining(from), from, identifiers);
  const store = join(config.out, preparedFolder);
  const before = resume ? await wholeStore(store, options) : null;
  if (before) return namedData(before, store, identifiers);
  await sweepTemporary(store);
  const folder = from ?? join(config.out, 'cohort');
  await options.expectFolder?.();
  if (from === null) await makePhantom(folder, config, options);
  const data = await namedData(await prepareFolder(folder, config, options), folder, identifiers);
  await options.expectFolder?.();
  await writeStore(store, data);
  return data;
}

/** Beside the run's data those of `unlabelled`, prepared into `<out>/unlabelled/prepared`. @throws as `openData` */
export async function openRunData(
  config: RunConfig,
  resume: boolean,
  options: DataOptions,
): Promise<TrainingData> {
  const data = await openData(config, resume, options);
  if (config.unlabelled === null) return data;
  const pretexts = pretextsOf(config).map((name) => [name, config.tasks[name]!] as const);
  const other = {
    ...config,
    ...{
      data: config.unlabelled,
      out: join(config.out, unlabelledFolder),
      tasks: Object.fromEntries(pretexts),
    },
    emptySlices: 'unknown' as const,
  };
  return withUnlabelled(data, await openData(other, resume, { ...options, annotated: false }));
}
