/** @file Lines and locations are learnt on eight images. */
import { expect, it } from 'vitest';
import { location } from '../../../src/tasks/location.ts';
import { orientation } from '../../../src/tasks/orientation/index.ts';
import { useDevice } from '../../device.ts';
import { plainKernels } from '../../train/tiny.ts';
import { eightImages, eightSlices, learntOnEight } from '../eight.ts';

const device = useDevice(plainKernels);

it('the lines of two views are learnt on 8 images', async () => {
  const { results } = await learntOnEight(
    device(),
    orientation,
    { sigmaMm: 6, gain: 0.1 },
    80,
    eightImages(),
  );
  const angles = results.filter(({ title }) => title.includes('angle'));
  expect(angles.length).toBeGreaterThan(0);
  for (const { key, value, trivial, missing } of angles) {
    expect(missing, key).toBe(0);
    expect(value!, key).toBeLessThan(trivial!);
  }
}, 120_000);

it('the location of a slice is learnt on 8 images', async () => {
  const { manifest, pixels } = eightSlices();
  const images = manifest.images.map((image, slice) => ({ ...image, location: slice / 7 }));
  const data = { manifest: { ...manifest, images }, pixels };
  const { results } = await learntOnEight(device(), location, { hidden: 16, dropout: 0 }, 60, data);
  expect(results[0]!.value! / results[0]!.trivial!).toBeLessThan(0.5);
}, 120_000);
