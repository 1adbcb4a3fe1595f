/** @file What identifies a prepared data set: a run goes on with what it began with, and with nothing else. */

import { expect, test } from 'vitest';
import { textChecksum } from '../../src/base/hash.ts';
import { prepare } from '../../src/data/prepare.ts';
import type { PreparedData, PreparedImage } from '../../src/data/types.ts';
import { classification } from '../../src/tasks/classification/index.ts';
import { fingerprint } from '../../src/train/dataset.ts';
import { dsbccSubject } from '../data/studies.ts';

const print = (data: PreparedData) => fingerprint(data, { tasks: [] });

test('a data set is the same without what older stores did not hold, and another with other labels', async () => {
  const data = await prepare(dsbccSubject('1'), { size: 16, spacingMm: 4 });
  const withImages = (of: (image: PreparedImage) => PreparedImage): PreparedData => ({
    ...data,
    manifest: { ...data.manifest, images: data.manifest.images.map(of) },
  });
  expect(data.manifest.images[0]!.space).toBe(0);
  const older = withImages(({ space: _, ...image }) => image);
  expect(print(older)).toBe(print(data));
  const moved = withImages((image) => ({ ...image, location: (image.location ?? 0) + 0.01 }));
  expect(print(moved)).not.toBe(print(data));
});

test('masks and their classes are part of what a data set is; without them it is what it was before there were any', async () => {
  const data = await prepare(dsbccSubject('1'), { size: 16, spacingMm: 4 });
  const { size, spacingMm, targetView, referenceViews } = data.manifest;
  const images = data.manifest.images.map(({ space: _, ...image }) => image);
  expect(print(data)).toBe(
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
  ].map(print);
  expect(new Set(prints).size).toBe(4);
});

test('groups are part of what a data set is for tasks that learn from them, and for no other', async () => {
  const data = await prepare(dsbccSubject('1'), { size: 16, spacingMm: 4 });
  const { subject } = data.manifest.images[0]!;
  const grouped = (change: Partial<PreparedData['manifest']>): PreparedData => ({
    ...data,
    manifest: { ...data.manifest, ...change },
  });
  const facts = { targetView: '', referenceViews: [], groupNames: { pathology: ['a', 'b'] } };
  const part = classification.setup(facts, classification.defaults, { size: 16, spacingMm: 4 });
  const plan = { tasks: [{ task: classification, weight: 1, part }] };
  const all = [data, ...['a', 'b'].map((group) => grouped({ groups: { [subject]: group } }))];
  all.push(grouped({ labels: { tear: { [subject]: 'a' } } }));
  expect(new Set(all.map((one) => fingerprint(one, plan))).size).toBe(4);
  expect(new Set(all.map(print)).size).toBe(1);
  expect(print(grouped({ heldOut: [subject] }))).not.toBe(print(data));
});
