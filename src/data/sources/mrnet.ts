/**
 * @file Knees laid out as MRNet (Bien et al., PLOS Medicine 2018): a folder for each part and plane, a .npy for each case,
 * and three labels of every case. Nothing says where slices lie or how large pixels are.
 */
import { ConfigError, FileError } from '../../base/errors.ts';
import { listed, plural } from '../../base/words.ts';
import { readText } from '../files/text.ts';
import { reasonOf } from '../scan.ts';
import { skippedList } from '../study/check.ts';
import type { FileSource, Groups, Notice, PreparedImage, SkippedFile } from '../types.ts';
import { defaultSize, kneeSpacingMm } from '../usualgrid.ts';
import { findMrnet, type Layout, labelNames, type Plane, planes } from './mrnet/files.ts';
import { parseCaseLabels } from './mrnet/labels.ts';
import { prepareSeries } from './mrnet/series.ts';
import { joinPixels } from './pixels.ts';
import type { Prepared, Source, SourceOptions } from './source.ts';

type Own = Layout['series'][number];

interface Volume {
  readonly series: Own;
  readonly images: readonly PreparedImage[];
  readonly pixels: Float32Array;
}

/** The plane that is prepared where nobody says another. */
const USUAL: Plane = 'sagittal';

/** Throws ConfigError for another view. */
function planeOf({ targetView = USUAL }: SourceOptions): Plane {
  const plane = planes.find((name) => name === targetView);
  if (plane) return plane;
  throw new ConfigError(
    `Knees laid out as MRNet have no view ${targetView}. Ask for ${planes.join(', ')} (--target).`,
  );
}

async function prepareAll(
  series: readonly Own[],
  skipped: SkippedFile[],
  options: SourceOptions,
): Promise<Volume[]> {
  const { size = defaultSize, onWarning = () => {}, onProgress } = options;
  const { spacingMm = kneeSpacingMm(size) } = options;
  const volumes: Volume[] = [];
  const seen = new Map<string, string>();
  for (const [done, one] of series.entries()) {
    const file = one.source.path;
    try {
      const key = `${one.root} ${one.part} ${one.number}`;
      const other = seen.get(key);
      if (other !== undefined)
        throw new FileError(
          file,
          `is case ${one.number} of ${one.part}, as ${other} is`,
          'Keep one of them.',
        );
      volumes.push({ series: one, ...(await prepareSeries(one, { size, spacingMm }, onWarning)) });
      seen.set(key, file);
    } catch (error) {
      skipped.push({ file, reason: reasonOf(error) });
    }
    onProgress?.({ phase: 'decode', done: done + 1, total: series.length, file });
  }
  return volumes;
}

/** Subjects' groups by label, and what is odd about the files. */
async function readLabels(layout: Layout, volumes: readonly Volume[], skipped: SkippedFile[]) {
  const notices: Notice[] = [];
  const found = new Map<string, [subject: string, group: string][]>();
  for (const { source, part, label, root } of layout.labels) {
    try {
      const { values, problems } = parseCaseLabels(await readText(source));
      notices.push(...problems.map((text) => ({ code: 'LABELS', message: `${source.path}: ${text}` })));
      const there = volumes.filter(({ series }) => series.root === root && series.part === part);
      notices.push(...strayNotice(source.path, [...values.keys()], there));
      const own = there.flatMap(({ series }): [string, string][] => {
        const value = values.get(series.number);
        return value === undefined ? [] : [[series.subject, value ? 'yes' : 'no']];
      });
      found.set(label, [...(found.get(label) ?? []), ...own]);
    } catch (error) {
      skipped.push({ file: source.path, reason: reasonOf(error) });
    }
  }
  const known = [...found].filter(([, own]) => own.length > 0);
  const labels = Object.fromEntries(known.map(([label, own]) => [label, Object.fromEntries(own)]));
  return { labels, notices: [...notices, ...missingNotices(labels, volumes)] };
}

/** Cases of a file of labels that have no images. */
function strayNotice(path: string, numbers: readonly number[], volumes: readonly Volume[]): Notice[] {
  const found = new Set(volumes.map(({ series }) => series.number));
  const strays = numbers.filter((number) => !found.has(number));
  if (strays.length === 0) return [];
  const message = `${path}: ${plural(strays.length, 'case')} without images that can be used, first ${strays[0]}.`;
  return [{ code: 'LABELS', message }];
}

/** Cases that a label says nothing of. */
function missingNotices(labels: Readonly<Record<string, Groups>>, volumes: readonly Volume[]): Notice[] {
  return labelNames.flatMap((label) => {
    const without = volumes.filter(({ series }) => labels[label]?.[series.subject] === undefined);
    if (without.length === 0) return [];
    const message = `Label ${label} says nothing of ${without.length} of ${plural(volumes.length, 'case')}, first ${without[0]!.series.subject}.`;
    return [{ code: 'UNLABELLED', message }];
  });
}

const noGeometry: Notice = {
  code: 'NO_GEOMETRY',
  message:
    'MRNet’s files do not say where slices lie or how large pixels are: whole slices are scaled to the grid, and there are no lines and no locations to learn.',
};

/** Those of the part `valid`, where there are others too. */
function heldOutOf(volumes: readonly Volume[]): string[] {
  const valid = volumes.filter(({ series }) => series.part === 'valid');
  return valid.length < volumes.length ? valid.map(({ series }) => series.subject) : [];
}

async function prepareKnees(
  files: readonly FileSource[],
  layout: Layout,
  options: SourceOptions,
): Promise<Prepared> {
  const { size = defaultSize, dtype = 'f32', from, onNotice } = options;
  const { spacingMm = kneeSpacingMm(size) } = options;
  const targetView = planeOf(options);
  const own = layout.series.filter(({ plane }) => plane === targetView);
  const skipped: SkippedFile[] = [];
  const volumes = await prepareAll(own, skipped, options);
  if (volumes.length === 0) {
    const there = planes.filter((plane) => layout.series.some((series) => series.plane === plane));
    throw new ConfigError(
      `No ${targetView} series${from === undefined ? '' : ` in ${from}`} can be used; there are ${listed(there)} ones. Choose with --target.${skippedList(skipped)}`,
    );
  }
  const { labels, notices: odd } = await readLabels(layout, volumes, skipped);
  const notices = [noGeometry, ...odd];
  for (const notice of notices) onNotice?.(notice);
  const heldOut = heldOutOf(volumes);
  const data = {
    manifest: {
      ...({ format: 'planewise-prepared', version: 1, referenceViews: [] } as const),
      ...{ size, spacingMm, targetView, dtype },
      ...(Object.keys(labels).length > 0 && { labels }),
      ...(heldOut.length > 0 && { heldOut }),
      images: volumes.flatMap(({ images }) => images),
      skipped,
    },
    pixels: joinPixels(volumes, dtype),
  };
  const used = new Set([...layout.series, ...layout.labels].map(({ source }) => source.path));
  const ignored = files.map(({ path }) => path).filter((path) => !used.has(path));
  return { data, notices, ignored, series: [] };
}

export const mrnet: Source = {
  name: 'mrnet',
  title: 'NumPy volumes laid out as MRNet',
  kind: 'laid out as MRNet',
  annotations: ['groups'],
  options: ['targetView'],
  targetIn: (has) => (['train', 'valid'].some((part) => has(`${part}/${USUAL}`)) ? USUAL : null),
  async find(files, options) {
    const layout = findMrnet(files);
    if (layout.series.length === 0) return null;
    const text = `${layout.series.length} series of knees laid out as MRNet`;
    const targetViews = [USUAL, ...planes.filter((plane) => plane !== USUAL)].filter((plane) =>
      layout.series.some((series) => series.plane === plane),
    );
    return {
      count: layout.series.length,
      text,
      targetViews,
      prepare: () => prepareKnees(files, layout, options),
    };
  },
};
