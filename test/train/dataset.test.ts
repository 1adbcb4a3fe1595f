/** @file What identifies a prepared data set: a run goes on with what it began with, and with nothing else. */

import { expect, test } from 'vitest';
import { prepare } from '../../src/data/prepare.ts';
import type { PreparedData, PreparedImage } from '../../src/data/types.ts';
import { fingerprint } from '../../src/train/dataset.ts';
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
