/** @file A data source that only tests have: images as text, `<subject>/<slice>.txt`, rows of numbers. */
import { ConfigError } from '../../src/base/errors.ts';
import { transformPlane } from '../../src/data/geometry.ts';
import { cropMap, onGrid } from '../../src/data/resample.ts';
import type { Source, SourceOptions } from '../../src/data/sources/source.ts';
import type { FileSource, ImagePlane, PreparedImage, SkippedFile } from '../../src/data/types.ts';
import { defaultSize, defaultSpacingMm } from '../../src/data/usualgrid.ts';

/** Between pixels, and between slices. */
const SPACING_MM = 8;

const isText = ({ path }: FileSource): boolean => path.endsWith('.txt');

/** Row after row; null where a row is longer than others, or holds no numbers. */
function parsed(text: string): number[][] | null {
  const rows = text
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/).map(Number));
  return rows.every((row) => row.length === rows[0]!.length && row.every(Number.isFinite)) ? rows : null;
}

function planeOf(rows: readonly (readonly number[])[], slice: number): ImagePlane {
  return {
    position: [0, 0, -SPACING_MM * slice], // base to apex
    rowDirection: [1, 0, 0],
    columnDirection: [0, 1, 0],
    spacingMm: [SPACING_MM, SPACING_MM],
    rows: rows.length,
    columns: rows[0]!.length,
  };
}

async function prepareAll(files: readonly FileSource[], options: SourceOptions) {
  const { size = defaultSize, spacingMm = defaultSpacingMm } = options;
  const skipped: SkippedFile[] = [];
  const images: PreparedImage[] = [];
  const pixels: Float32Array[] = [];
  for (const [done, file] of files.entries()) {
    const rows = parsed(new TextDecoder().decode(await file.read()));
    options.onProgress?.({ phase: 'decode', done: done + 1, total: files.length, file: file.path });
    if (!rows) {
      skipped.push({
        file: file.path,
        reason: { code: 'NO_NUMBERS', message: 'It holds other than numbers.' },
      });
      continue;
    }
    const [subject, name] = file.path.split('/').slice(-2) as [string, string];
    const slice = Number.parseInt(name, 10);
    const plane = planeOf(rows, slice);
    const map = cropMap(plane, size, spacingMm);
    const image = { rows: plane.rows, columns: plane.columns, values: Float32Array.from(rows.flat()) };
    pixels.push(onGrid(image, map, size).pixels);
    images.push({
      ...{ subject, file: file.path, view: 'text', space: 0, frame: 0, slice, lines: [], location: null },
      plane: transformPlane(plane, map, size, size),
    });
  }
  if (images.length === 0) throw new ConfigError('No text holds an image.');
  const all = new Float32Array(images.length * size * size);
  for (const [i, own] of pixels.entries()) all.set(own, i * size * size);
  const manifest = {
    ...({ format: 'planewise-prepared', version: 1, dtype: 'f32', size, spacingMm } as const),
    ...{ targetView: 'text', referenceViews: [], images, skipped },
  };
  return { data: { manifest, pixels: all }, notices: [], ignored: [], series: [] };
}

export const text: Source = {
  name: 'text',
  title: 'images as text',
  kind: 'text',
  options: [],
  async find(files, options) {
    const own = files.filter(isText);
    if (own.length === 0) return null;
    return {
      count: own.length,
      text: `${own.length} images as text`,
      prepare: () => prepareAll(own, options),
    };
  },
};
