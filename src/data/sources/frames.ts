/** @file Frames of colour videos, such as those of an endoscope: a folder of PNG or JPEG files for each. */
import { ConfigError, FileError } from '../../base/errors.ts';
import { plural } from '../../base/words.ts';
import { labOf } from '../colours.ts';
import { groupBy } from '../lists.ts';
import { cropMap, resample, zScore } from '../resample.ts';
import { reasonOf } from '../scan.ts';
import { skippedList } from '../study/check.ts';
import type { FileSource, ImagePlane, Notice, PreparedData, PreparedImage, SkippedFile } from '../types.ts';
import { defaultSize, defaultSpacingMm, type Grid } from '../usualgrid.ts';
import { type Frame, readFrame } from './frames/decode.ts';
import { joinPixels } from './pixels.ts';
import type { Prepared, Source, SourceOptions } from './source.ts';

const FRAME = /\.(png|jpe?g)$/i;

/** What frames are of; there is one view. */
const view = 'frame';

/** Files of each folder, which is a subject, in the order of their names: frame 2 before frame 10. */
function videosOf(files: readonly FileSource[]): ReadonlyMap<string, readonly FileSource[]> {
  const folders = groupBy(files, ({ path }) => path.split('/').slice(0, -1).join('/'));
  const { compare } = new Intl.Collator('en', { numeric: true });
  const sorted = [...folders].map(
    ([folder, own]) => [folder || 'frames', [...own].sort((a, b) => compare(a.path, b.path))] as const,
  );
  return new Map(sorted.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A frame on the grid. */
interface PlacedFrame {
  readonly image: PreparedImage;
  /** L*, z-scored. */
  readonly pixels: Float32Array;
  /** [size, size, 2]: a* and b*. */
  readonly colours: Float32Array;
}

/** A plane of which only the shape is known. */
const planeOf = (rows: number, columns: number, pixelMm: number): ImagePlane => ({
  ...{ position: [0, 0, 0], rowDirection: [1, 0, 0], columnDirection: [0, 1, 0] },
  ...{ spacingMm: [pixelMm, pixelMm], rows, columns },
});

/** The whole frame, its longer side filling the grid. */
function onGrid(
  { rows, columns, rgb }: Frame,
  { size, spacingMm }: Grid,
): Pick<PlacedFrame, 'pixels' | 'colours'> {
  const map = cropMap(planeOf(rows, columns, (size * spacingMm) / Math.max(rows, columns)), size, spacingMm);
  const { lightness, a, b } = labOf(rgb);
  const [pixels, ...ab] = [lightness, a, b].map((values) => resample({ rows, columns, values }, map, size));
  zScore(pixels!);
  return {
    pixels: pixels!,
    colours: Float32Array.from({ length: 2 * size * size }, (_, i) => ab[i % 2]![i >> 1]!),
  };
}

const sizeOf = ({ rows, columns }: Pick<Frame, 'rows' | 'columns'>): string => `${columns} × ${rows} px`;

/** Frames of a folder on the grid: of those that can be read, those of the size that most have. */
async function prepareVideo(
  [subject, files]: readonly [string, readonly FileSource[]],
  grid: Grid,
  told: { readonly skip: (file: SkippedFile) => void; readonly done: (file: string) => void },
): Promise<PlacedFrame[]> {
  const read: (PlacedFrame & { readonly native: string })[] = [];
  for (const [frame, source] of files.entries()) {
    const file = source.path;
    try {
      const own = await readFrame(await source.read(), file);
      const image: PreparedImage = {
        ...{ subject, file, view, frame, slice: 0, lines: [], location: null },
        plane: planeOf(grid.size, grid.size, grid.spacingMm),
      };
      read.push({ image, native: sizeOf(own), ...onGrid(own, grid) });
    } catch (error) {
      told.skip({ file, reason: reasonOf(error) });
    }
    told.done(file);
  }
  const bySize = [...groupBy(read, ({ native }) => native)];
  const usual = bySize.reduce((most, one) => (one[1].length > most[1].length ? one : most), bySize[0]!)?.[0];
  return read.filter(({ native, image: { file } }) => {
    if (native === usual) return true;
    const problem = `is ${native}, but most frames of its folder are ${usual}`;
    const reason = reasonOf(
      new FileError(file, problem, 'Put frames of another size into a folder of their own.'),
    );
    told.skip({ file, reason });
    return false;
  });
}

const noGeometry: Notice = {
  code: 'NO_GEOMETRY',
  message:
    'Frames do not say how large pixels are: whole frames are scaled to the grid, and there are no lines, no slices and no locations to learn.',
};

async function prepareFrames(files: readonly FileSource[], options: SourceOptions): Promise<Prepared> {
  const { size = defaultSize, spacingMm = defaultSpacingMm, dtype = 'f32', from, onNotice } = options;
  const own = files.filter(({ path }) => FRAME.test(path));
  const skipped: SkippedFile[] = [];
  const frames: PlacedFrame[] = [];
  let done = 0;
  const told = {
    skip: (file: SkippedFile) => void skipped.push(file),
    done: (file: string) => options.onProgress?.({ phase: 'decode', done: ++done, total: own.length, file }),
  };
  for (const video of videosOf(own)) frames.push(...(await prepareVideo(video, { size, spacingMm }, told)));
  if (frames.length === 0)
    throw new ConfigError(
      `No colour frame${from === undefined ? '' : ` in ${from}`} can be used.${skippedList(skipped)}`,
    );
  onNotice?.(noGeometry);
  const colours = joinPixels(
    frames.map((frame) => ({ pixels: frame.colours })),
    dtype,
  );
  const data: PreparedData = {
    manifest: {
      ...({ format: 'planewise-prepared', version: 1, colours: 'CIELAB', referenceViews: [] } as const),
      ...{ size, spacingMm, targetView: view, dtype, skipped },
      images: frames.map(({ image }) => image),
    },
    pixels: joinPixels(frames, dtype),
    colours,
  };
  const ignored = files.map(({ path }) => path).filter((path) => !FRAME.test(path));
  return { data, notices: [noGeometry], ignored, series: [] };
}

export const frames: Source = {
  name: 'frames',
  title: 'colour frames as PNG or JPEG',
  kind: 'frames in colour',
  options: [],
  async find(files, options) {
    const own = files.filter(({ path }) => FRAME.test(path));
    if (own.length === 0) return null;
    const text = `${plural(own.length, 'colour frame')} in ${plural(videosOf(own).size, 'folder')}`;
    return { count: own.length, text, prepare: () => prepareFrames(files, options) };
  },
};
