/** @file Sagittal, coronal and axial stacks of knees: views by name and by plane, lines and locations by exact geometry. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/base/errors.ts';
import { pixelToWorld, planeNormal, worldToPixel } from '../../../src/data/geometry.ts';
import { labelStudies } from '../../../src/data/labels.ts';
import { anatomies, type KneeTruth, kneeTruth, phantomSources } from '../../../src/data/phantom.ts';
import { planStudies } from '../../../src/data/study/plan.ts';
import { viewOf } from '../../../src/data/study/views.ts';
import type { FileSource, ImagePlane, Line, Vec3 } from '../../../src/data/types.ts';
import { cross, dot } from '../../../src/data/vector.ts';
import { shortAxisPlane } from '../dicom-writer.ts';
import { imageFile } from '../studies.ts';

const options = { seed: 11, size: 32, difficulty: 'hard' } as const;
const views = ['axial', 'coronal', 'sagittal'] as const;
const truths: KneeTruth[] = [0, 1, 2, 3].map((index) => kneeTruth(11, index, options));
const encoded = truths.map((_, index) => anatomies.knee.encode(options, index, ['dicom']));
const files: FileSource[] = phantomSources(encoded.flat());

const middleOf = (planes: readonly ImagePlane[], mirrored: boolean): ImagePlane => {
  const ordered = mirrored ? [...planes].reverse() : planes;
  return ordered[Math.floor(planes.length / 2)]!;
};

/** Two points where both planes meet, 40 mm apart, in the pixels of the first: by solving for the line in space. */
function meeting(target: ImagePlane, reference: ImagePlane): { x: number; y: number }[] {
  const [n, m] = [planeNormal(target), planeNormal(reference)];
  const along = cross(n, m);
  const [c, d] = [dot(n, target.position), dot(m, reference.position)];
  const squared = dot(along, along);
  const one = cross(m, along);
  const other = cross(along, n);
  const point = [0, 1, 2].map((i) => (c * one[i]! + d * other[i]!) / squared) as unknown as Vec3;
  // from the point of the line nearest to the image's middle
  const centre = pixelToWorld(target, target.columns / 2, target.rows / 2);
  const unit = along.map((value) => value / Math.sqrt(squared)) as unknown as Vec3;
  const t = dot(unit, [centre[0] - point[0], centre[1] - point[1], centre[2] - point[2]]);
  return [-20, 20].map((mm) => {
    const at = [0, 1, 2].map((i) => point[i]! + (t + mm) * unit[i]!) as unknown as Vec3;
    return worldToPixel(target, at);
  });
}

const offLine = ([a, b, d]: Line, { x, y }: { x: number; y: number }): number => Math.abs(a * x + b * y + d);

describe('knees', () => {
  for (const target of views) {
    const others = views.filter((view) => view !== target);

    it(`have in each ${target} slice the lines of the middle planes of the two other stacks`, async () => {
      const found = await labelStudies(files, { targetView: target });
      expect(found.referenceViews).toEqual(others);
      expect(found.images).toHaveLength(
        truths.reduce((sum, { planning }) => sum + planning[target].planes.length, 0),
      );
      let most = 0;
      for (const [index, { knee, planning }] of truths.entries()) {
        const mirrored = knee.side === 'R';
        const own = found.images.filter(({ subject }) => subject === `patient00${index + 1}`);
        for (const image of own) {
          const place = target === 'sagittal' && mirrored ? own.length - 1 - image.slice : image.slice;
          // coronal slices run to the front as all locations do, but were made from the front
          const made = target === 'coronal' ? own.length - 1 - place : place;
          const plane = planning[target].planes[made]!;
          expect(image.file).toContain(`-${String(made + 1).padStart(4, '0')}.dcm`);
          for (const view of others) {
            const { planes } = planning[view];
            const reversed = view === 'coronal' || (view === 'sagittal' && mirrored);
            const { native } = image.references[view]!;
            for (const point of meeting(plane, middleOf(planes, reversed)))
              most = Math.max(most, offLine(native!, point));
          }
        }
      }
      expect(most).toBeLessThan(1e-4);
    });

    it(`have a location in each ${target} slice, evenly from 0 to 1`, async () => {
      const { images } = await labelStudies(files, { targetView: target });
      for (const [index, { knee, planning }] of truths.entries()) {
        const own = images.filter(({ subject }) => subject === `patient00${index + 1}`);
        const { planes } = planning[target];
        const inwards = knee.place.frame.x;
        for (const { slice, location, file } of own) {
          expect(location).toBeCloseTo(slice / (own.length - 1), 6);
          const at = planes[Number(/(\d{4})\.dcm$/.exec(file)![1]) - 1]!;
          if (slice === 0) continue;
          const first =
            planes[Number(/(\d{4})\.dcm$/.exec(own.find((one) => one.slice === 0)!.file)![1]) - 1]!;
          const moved: Vec3 = [
            at.position[0] - first.position[0],
            at.position[1] - first.position[1],
            at.position[2] - first.position[2],
          ];
          // to the outer side of either knee, to the front, downwards
          const towards = { sagittal: dot(moved, inwards), coronal: -moved[1], axial: -moved[2] }[target];
          expect(towards).toBeGreaterThan(0);
        }
      }
    });
  }

  it('have sides that both occur', () => {
    expect(new Set(truths.map(({ knee }) => knee.side)).size).toBe(2);
  });

  it('without a side in the headers are ordered by the patient’s, and that is said', async () => {
    const sideless = encoded[0]!.map(({ path, bytes }) => {
      const text = new TextDecoder('latin1').decode(bytes);
      const element = '\x20\0\x60\0CS\x02\0';
      const plain = text.replaceAll(element + truths[0]!.knee.side, `${element} `);
      expect(plain).not.toBe(text);
      return { path, read: async () => Buffer.from(plain, 'latin1') };
    });
    const count = truths[0]!.planning.sagittal.planes.length;
    const { notices, targets } = await planStudies(sideless, { targetView: 'sagittal' });
    expect(targets).toHaveLength(count);
    expect(notices).toEqual([
      {
        code: 'SIDE_UNKNOWN',
        message: expect.stringMatching(`^${count} sagittal images of 1 subject do not say`),
      },
    ]);
    expect((await planStudies(sideless, { targetView: 'coronal' })).notices).toEqual([]);
    expect((await planStudies(files, { targetView: 'sagittal' })).notices).toEqual([]);
  });

  it('are told apart by their planes where nothing names them, but only when one is asked for', async () => {
    const nameless = encoded[0]!.map(({ path, bytes }, i) => {
      const text = new TextDecoder('latin1').decode(bytes);
      const plain = text.replace(/(Sag|Cor|Ax) PD FS/, (name) => 'PD FS '.padEnd(name.length));
      return { path: `knee/${path.split('/').at(-1)!}${i}`, read: async () => Buffer.from(plain, 'latin1') };
    });
    const plan = await planStudies(nameless, { targetView: 'coronal' });
    expect(plan.referenceViews).toEqual(['axial', 'sagittal']);
    expect(plan.targets).toHaveLength(truths[0]!.planning.coronal.planes.length);
    await expect(planStudies(nameless)).rejects.toThrow(/No short-axis image .*views found: none/);
  });

  it('without a target say which could be asked for', async () => {
    await expect(labelStudies(files)).rejects.toThrow(ConfigError);
    await expect(labelStudies(files)).rejects.toThrow(
      /views found: axial, coronal, sagittal; .* or label another view, e.g. --target sagittal\./,
    );
  });
});

describe('names of the body’s planes', () => {
  const named = (path: string, seriesDescription?: string): Promise<string | null> =>
    planStudies(
      [imageFile(path, shortAxisPlane(0), seriesDescription === undefined ? {} : { seriesDescription })],
      {
        targetView: 'short-axis',
        views: (image) => {
          seen = viewOf(image);
          return 'short-axis';
        },
      },
    ).then(() => seen);
  let seen: string | null = null;

  it('are known in folders and descriptions, but never before a view of the heart', async () => {
    expect(await named('a/x.dcm', 'SAG PD FS')).toBe('sagittal');
    expect(await named('a/x.dcm', 't2_tse_cor_384')).toBe('coronal');
    expect(await named('a/x.dcm', 'AX T2')).toBe('axial');
    expect(await named('a/x.dcm', 'pd_tra')).toBe('axial');
    expect(await named('a/sagittal/x.dcm', 'PD')).toBe('sagittal');
    expect(await named('axial/x.dcm', 'cine short axis')).toBe('short-axis');
    expect(await named('cor/x.dcm', 'Sag PD')).toBe('sagittal');
    expect(await named('a/x.dcm', 'long ax')).toBe('long-axis');
    expect(await named('a/x.dcm', 'coronary angio')).toBe(null);
    expect(await named('a/x.dcm', 'flair tracking')).toBe(null);
  });

  it('are no references of a heart unless a mapping says so', async () => {
    const heart = [0, 1, 2].map((i) => imageFile(`sax_${i}/x.dcm`, shortAxisPlane(8 * i)));
    const axial: ImagePlane = {
      ...shortAxisPlane(0),
      rowDirection: [1, 0, 0],
      columnDirection: [0, 1, 0],
    };
    const survey = imageFile('ax_haste/x.dcm', axial, { seriesDescription: 'AX HASTE', seriesUid: '1.9' });
    const plain = await planStudies([...heart, survey]);
    expect(plain.referenceViews).toEqual([]);
    const rules = [{ match: 'ax_haste', view: 'axial' }];
    expect((await planStudies([...heart, survey], { views: rules })).referenceViews).toEqual(['axial']);
  });
});
