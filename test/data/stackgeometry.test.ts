/** @file Relative locations in stacks of planes. */
import { describe, expect, test } from 'vitest';
import { GeometryError } from '../../src/base/errors.ts';
import { planeNormal } from '../../src/data/geometry.ts';
import { relativeLocations, stackDirection } from '../../src/data/stackgeometry.ts';
import { dot } from '../../src/data/vector.ts';
import { shortAxisPlane } from './dicom-writer.ts';

describe('relativeLocations', () => {
  const offsets = [30, 0, 8.5, 60];
  const expected = [0.5, 0, 8.5 / 60, 1];

  test('run from base to apex however the header is handed', () => {
    const planes = offsets.map((offset) => shortAxisPlane(offset));
    const mirrored = planes.map((p) => ({
      ...p,
      rowDirection: p.columnDirection,
      columnDirection: p.rowDirection,
    }));
    for (const stack of [planes, mirrored, [planes[0]!, mirrored[1]!, planes[2]!, mirrored[3]!]])
      relativeLocations(stack).locations!.forEach((v, i) => {
        expect(v).toBeCloseTo(expected[i]!, 12);
      });
    expect(dot(stackDirection(planes, 'anatomical'), [1, -1, -1])).toBeGreaterThan(0);
  });

  test('follow minus the normal when asked for the published sign', () => {
    const planes = offsets.map((offset) => shortAxisPlane(offset));
    const turned = planes.map((p) => ({
      ...p,
      rowDirection: p.columnDirection,
      columnDirection: p.rowDirection,
    }));
    for (const stack of [planes, turned]) {
      const published = relativeLocations(stack, 'zhang2024').locations!;
      const sign = dot(planeNormal(stack[0]!), [1, -1, -1]) > 0 ? -1 : 1;
      published.forEach((v, i) => {
        expect(v).toBeCloseTo(sign > 0 ? expected[i]! : 1 - expected[i]!, 12);
      });
    }
  });

  test('of one location are a reason, and of planes that are not parallel an error', () => {
    const single = relativeLocations([shortAxisPlane(5), shortAxisPlane(5.02)]);
    expect(single.reason?.code).toBe('ONE_LOCATION');
    expect(relativeLocations([]).reason?.code).toBe('ONE_LOCATION');
    const askew = shortAxisPlane(0, { rowDirection: [0, 0.6, 0.8] });
    expect(() => relativeLocations([shortAxisPlane(0), askew])).toThrow(GeometryError);
  });
});
