/** @file What identifies a prepared data set: a run goes on with what it began with, and with nothing else. */

import { expect, test } from 'vitest';
import { textChecksum } from '../../src/base/hash.ts';
import { prepare } from '../../src/data/prepare.ts';
import { samplesOf } from '../../src/data/sample.ts';
import type { PreparedData, PreparedImage } from '../../src/data/types.ts';
import { fingerprint, selectImages } from '../../src/train/dataset.ts';
import { dsbccSubject } from '../data/studies.ts';

test('a data set is the same without what older stores did not hold, and another with other labels', async () => {
  const data = await prepare(dsbccSubject('1'), { size: 16, spacingMm: 4 });
  const withImages = (of: (image: PreparedImage) => PreparedImage): PreparedData => ({
    ...data,
    manifest: { ...data.manifest, images: data.manifest.images.map(of) },
  });
  expect(data.manifest.images[0]!.space).toBe(0);
  const older = withImages(({ space: _, ...image }) => image);
  expect(fingerprint(older)).toBe(fingerprint(data));
  const moved = withImages((image) => ({ ...image, location: (image.location ?? 0) + 0.01 }));
  expect(fingerprint(moved)).not.toBe(fingerprint(data));
});

test('masks and their classes are part of what a data set is; without them it is what it was before there were any', async () => {
  const data = await prepare(dsbccSubject('1'), { size: 16, spacingMm: 4 });
  const { size, spacingMm, targetView, referenceViews } = data.manifest;
  const images = data.manifest.images.map(({ space: _, ...image }) => image);
  expect(fingerprint(data)).toBe(
    textChecksum(JSON.stringify({ size, spacingMm, targetView, referenceViews, images })),
  );
  const masks = Uint8Array.from(data.pixels, (_, i) => i % 2);
  const withMasks = (change: Uint8Array, ...classes: readonly string[]): PreparedData => ({
    ...data,
    manifest: { ...data.manifest, version: 2, classes },
    masks: change,
  });
  const prints = [
    data,
    withMasks(masks, 'background', 'heart'),
    withMasks(masks, 'background', 'liver'),
    withMasks(
      masks.map((v, i) => (i === 700 ? 1 - v : v)),
      'background',
      'heart',
    ),
  ].map(fingerprint);
  expect(new Set(prints).size).toBe(4);
});

test('selected images keep their own pixels and masks', async () => {
  const plain = await prepare(dsbccSubject('1'), { size: 16, spacingMm: 4 });
  const masks = Uint8Array.from(plain.pixels, (_, i) => Math.floor(i / 256));
  const data: PreparedData = { ...plain, masks };
  const chosen = selectImages(data, [4, 1]);
  expect(samplesOf(chosen).map((sample) => [...new Set(sample.mask()!)])).toEqual([[4], [1]]);
  const all = samplesOf(data);
  expect(samplesOf(chosen).map((sample) => sample.pixels())).toEqual([all[4]!.pixels(), all[1]!.pixels()]);
  expect(chosen.manifest.images).toEqual([plain.manifest.images[4], plain.manifest.images[1]]);
  expect(selectImages(plain, [0])).not.toHaveProperty('masks');
});
