/** @file What the page looks at: the same stacks, references and lines as preparation has, none across frames of reference. */

import { describe, expect, test } from 'vitest';
import { readPixels } from '../../src/data/dicom/pixels.ts';
import { prepare } from '../../src/data/prepare.ts';
import { scanFiles } from '../../src/data/scan.ts';
import { planScan } from '../../src/data/study/plan.ts';
import { viewOf } from '../../src/data/study/views.ts';
import type { FileSource } from '../../src/data/types.ts';
import { type Library, referenceOf, stacksOf, studyInfo } from '../../web/work/library.ts';
import { prepareSlices } from '../../web/work/predict.ts';
import type { LoadedWeights } from '../../web/work/weights.ts';
import { type Entries, longAxisPlane, shortAxisPlane } from '../data/dicom-writer.ts';
import { stored, storedValues, type Way, ways } from '../data/storedways.ts';
import { imageFile } from '../data/studies.ts';

const series = (n: number): Entries => ({ '00200011': ['IS', String(n)], '0020000d': ['UI', '2.25.9'] });

function study(frame: string): FileSource[] {
  const long = (name: string, shift: number, n: number, frameOfReferenceUid: string): FileSource =>
    imageFile(`P1/${name}/a.dcm`, longAxisPlane(0.3, shift), {
      patientId: 'P1',
      seriesUid: `1.8.${n}`,
      frameOfReferenceUid,
      override: series(n),
    });
  const short = [0, 8, 16].map((offset, i) =>
    imageFile(`P1/sax_${i}/a.dcm`, shortAxisPlane(offset), {
      patientId: 'P1',
      seriesUid: '1.7',
      instanceNumber: i,
      frameOfReferenceUid: '3.1',
      override: series(i),
    }),
  );
  return [...short, long('2ch_9', 0, 9, frame), long('2ch_24', 30, 24, frame), long('4ch_11', 5, 11, '3.1')];
}

async function opened(files: readonly FileSource[]) {
  const scan = await scanFiles(files);
  const library: Library = {
    subjects: ['P1'],
    skipped: scan.skipped,
    noDicom: null,
    images: () => scan.images,
    viewOf: (image) => viewOf(image),
    read: async ({ source }) => readPixels(await source.read(), source.path),
  };
  return { library, plan: planScan(scan) };
}

describe('a study in the page', () => {
  test('has the references that preparation chooses, and their lines', async () => {
    const { library, plan } = await opened(study('3.1'));
    const { stacks } = stacksOf(library, 'P1');
    for (const [channel, view] of plan.referenceViews.entries()) {
      const { image } = referenceOf(stacks, stacks[0]!.stack, view);
      expect(image!.source.path).toBe(plan.targets[0]!.references[channel]!.file);
    }
    const info = studyInfo(library, 'P1');
    const names = info.stacks[0]!.references.map(
      ({ stack, slice }) => info.stacks[stack]!.slices[slice]!.files[0],
    );
    expect(names).toEqual(['P1/2ch_24/a.dcm', 'P1/4ch_11/a.dcm']);
    expect(info.stacks[0]!.slices.map(({ location }) => Math.round(10 * location!))).toEqual([0, 5, 10]);
  });

  test('is shown to a network as preparation leaves it, also where phases of a slice are stored otherwise', async () => {
    const planes = [0, 8, 16].map((offset) => shortAxisPlane(offset, { rows: 20, columns: 24 }));
    const turned: Way = { exchanged: true, mirrored: [true, false] };
    const files = planes.flatMap((plane, slice) =>
      [0, 1].map((phase) => {
        const way = phase === 1 ? turned : ways[0]!;
        const values = Int16Array.from({ length: 20 * 24 }, (_, n) => (n * n) % (91 + slice));
        return imageFile(`P1/sax/${slice}-${phase}.dcm`, stored(plane, way), {
          ...{ patientId: 'P1', seriesUid: '1.7', instanceNumber: 2 * slice + phase },
          pixels: storedValues(values, plane, way),
          override: { '00181060': ['DS', String(400 * phase)] },
        });
      }),
    );
    const grid = { size: 16, spacingMm: 3, targetView: 'short-axis', referenceViews: [] };
    const prepared = await prepare(files, grid);
    const { library } = await opened(files);
    const weights = { info: grid } as unknown as LoadedWeights;
    for (const frame of [0, 1]) {
      const request = { subject: 'P1', stack: 0, slice: null, frame };
      const { stacks } = stacksOf(library, 'P1');
      const { data } = await prepareSlices(library, weights, stacks, request, [0, 1, 2]);
      const own = prepared.manifest.images.flatMap((image, i) => (image.frame === frame ? [i] : []));
      expect(own).toHaveLength(3);
      for (const [row, i] of own.entries())
        expect(data.pixels.slice(row * 256, (row + 1) * 256)).toEqual(
          prepared.pixels.slice(i * 256, (i + 1) * 256),
        );
    }
  });

  test('has no reference of another frame of reference', async () => {
    const { library } = await opened(study('3.2'));
    const info = studyInfo(library, 'P1');
    const views = info.stacks[0]!.references.map(({ stack }) => info.stacks[stack]!.view);
    expect(views).toEqual(['4-chamber']);
  });
});
