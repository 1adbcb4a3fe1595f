/** @file A missing image of a cine is a gap in its phases, and moves none of the others. */
import { describe, expect, test } from 'vitest';
import { labelStudies } from '../../../src/data/labels.ts';
import { scanFiles } from '../../../src/data/scan.ts';
import { planScan } from '../../../src/data/study/plan.ts';
import { stackVolumes } from '../../../src/data/study/volumes.ts';
import type { FileSource } from '../../../src/data/types.ts';
import { shortAxisPlane, type TestImage } from '../dicom-writer.ts';
import { imageFile } from '../studies.ts';

type Header = (slice: number, phase: number) => Omit<TestImage, 'plane'>;

const PHASES = 8;

/** Four slices of eight phases, without the images that `lost` names by slice. */
function cine(header: Header, lost: Readonly<Record<number, readonly number[]>>): FileSource[] {
  return [0, 1, 2, 3].flatMap((slice) =>
    Array.from({ length: PHASES }, (_, phase) => phase)
      .filter((phase) => !lost[slice]?.includes(phase))
      .map((phase) =>
        imageFile(`p/sax_${slice}/${phase}.dcm`, shortAxisPlane(8 * slice), {
          seriesUid: `1.7.${slice}`,
          ...header(slice, phase),
        }),
      ),
  );
}

/** Frames of each slice, and what was said of missing ones. */
async function framesOf(files: readonly FileSource[]) {
  const { images, notices } = await labelStudies(files);
  const of = (slice: number): number[] =>
    images.filter(({ file }) => file.startsWith(`p/sax_${slice}/`)).map(({ frame }) => frame);
  const missing = notices.filter(({ code }) => code === 'MISSING_PHASES').map(({ message }) => message);
  return { frames: [0, 1, 2, 3].map(of), missing };
}

const all = Array.from({ length: PHASES }, (_, phase) => phase);
const without = (...lost: number[]): number[] => all.filter((phase) => !lost.includes(phase));

/** In the second breath-hold the heart beats faster. */
const timed: Header = (slice, phase) => ({ triggerTimeMs: 12 + phase * (slice === 1 ? 39.5 : 45) });
const numbered: Header = (_, phase) => ({ instanceNumber: phase + 1 });
const onward: Header = (slice, phase) => ({ instanceNumber: slice * PHASES + phase + 1 });
const interleaved: Header = (slice, phase) => ({ instanceNumber: phase * 4 + slice + 1 });
const positioned: Header = (slice, phase) => ({
  instanceNumber: 100 * slice + 3 * phase + (phase % 2),
  override: { '00200100': ['IS', String(phase + 1)] },
});

describe('an image that is missing from a slice', () => {
  test.each([
    ['trigger times', timed],
    ['numbers that begin anew in each slice', numbered],
    ['numbers that go on from slice to slice', onward],
    ['numbers that go from slice to slice in each phase', interleaved],
    ['temporal positions', positioned],
  ])('leaves the others their phases, by %s', async (_, header) => {
    const { frames, missing } = await framesOf(cine(header, { 1: [3] }));
    expect(frames).toEqual([all, without(3), all, all]);
    expect(missing).toEqual([
      "Images of the heart's cycle are missing in short-axis slices of 1 subject (patient): slice 2 of patient lacks phase 4 of 8. Its other images keep their phases.",
    ]);
  });

  test.each([
    ['trigger times', timed],
    ['numbers that begin anew in each slice', numbered],
    ['numbers that go on from slice to slice', onward],
    ['temporal positions', positioned],
  ])('is known at the beginning of the cycle too, by %s', async (_, header) => {
    const { frames, missing } = await framesOf(cine(header, { 1: [0], 2: [0, 4, 5] }));
    expect(frames).toEqual([all, without(0), without(0, 4, 5), all]);
    expect(missing[0]).toMatch(/slice 2 of patient lacks phase 1 of 8/);
  });

  test('is not told where headers do not say it: the order stands', async () => {
    const count = (): Header => {
      let number = 0;
      return () => ({ instanceNumber: ++number });
    };
    const { frames, missing } = await framesOf(cine(count(), { 1: [3] }));
    expect(frames).toEqual([all, all.slice(0, -1), all, all]);
    expect(missing).toEqual([]);
  });

  test('is none where a slice has fewer phases of the same cycle, or the last is missing', async () => {
    const slower: Header = (slice, phase) => ({ triggerTimeMs: 12 + phase * (slice === 1 ? 60 : 45) });
    for (const lost of [[6, 7], [7]]) {
      const { frames, missing } = await framesOf(cine(slower, { 1: lost }));
      expect(frames).toEqual([all, without(...lost), all, all]);
      expect(missing).toEqual([]);
    }
  });

  test('leaves a hole in the volume of its phase, and in no other', async () => {
    const scan = await scanFiles(cine(timed, { 0: [3] }));
    const volumes = stackVolumes(planScan(scan, { referenceViews: [] }));
    expect(volumes.map(({ frame }) => frame)).toEqual(all);
    expect(volumes.map(({ slices }) => slices.length)).toEqual([4, 4, 4, 3, 4, 4, 4, 4]);
    for (const { frame, slices } of volumes)
      for (const { source } of slices) expect(source.path).toMatch(new RegExp(`/${frame}\\.dcm$`));
  });
});
