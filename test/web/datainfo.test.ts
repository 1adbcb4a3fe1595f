/** @file What the page says of a data set. */
import { expect, test } from 'vitest';
import type { ImagePlane, PreparedData, PreparedImage } from '../../src/data/types.ts';
import { infoOf, type Source } from '../../web/work/datainfo.ts';
import { shortAxisPlane } from '../data/dicom-writer.ts';
import { stored } from '../data/storedways.ts';

const source: Source = { kind: 'folder', name: 'studies', warnings: [], made: null, notices: ['As told.'] };

function data(planes: readonly ImagePlane[]): PreparedData {
  const view = 'short-axis';
  const images = planes.map((plane) => ({ view, plane, subject: 'P1', lines: [], location: null }));
  const manifest = { images: images as unknown as PreparedImage[], referenceViews: [], targetView: view };
  return { manifest, pixels: new Float32Array(4) } as unknown as PreparedData;
}

test('data that an earlier version kept as they were stored are said to lie turned', () => {
  const slice = shortAxisPlane(0);
  const turned = stored(slice, { exchanged: true, mirrored: [true, false] });
  const told = (planes: readonly ImagePlane[]) =>
    infoOf({ key: 'data', source, data: data(planes), originals: false }).notices;
  expect(told([slice])).toEqual(['As told.']);
  expect(told([slice, turned])).toEqual(['As told.', expect.stringMatching(/^Turned: 1 of 2 images/)]);
});
