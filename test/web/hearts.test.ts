import { expect, it } from 'vitest';
import { prepare } from '../../src/data/index.ts';
import { encodeKneeDicom } from '../../src/data/phantom/knee/dicom.ts';
import { encodeDicom, kneeSubject, phantomSources, phantomSubject } from '../../src/data/phantom.ts';
import { heartLibrary, prepareHearts } from '../../web/work/hearts.ts';
import { kneeLibrary, prepareKnees } from '../../web/work/knees.ts';
import { imageValues, studyInfo } from '../../web/work/library.ts';

const settings = { subjects: 2, difficulty: 'mid', phases: 3, imageSize: 48, seed: 7 } as const;
const grid = { size: 32, spacingMm: 8 };

it('built-in hearts are prepared to the same data as their DICOM files', async () => {
  const { seed, difficulty, phases, imageSize: size } = settings;
  const files = [0, 1].flatMap((index) =>
    encodeDicom(phantomSubject(seed, index, { difficulty, phases, size })),
  );
  const fromFiles = await prepare(phantomSources(files), grid);
  const inPlace = await prepareHearts(settings, grid);
  expect(inPlace.manifest).toEqual(fromFiles.manifest);
  expect(inPlace.manifest.images.length).toBeGreaterThan(40);
  expect(inPlace.pixels).toEqual(fromFiles.pixels);
});

it('a heart can be looked at: one stack from base to apex, two long axes, every phase', async () => {
  const library = heartLibrary(settings);
  const { stacks } = studyInfo(library, 'patient002');
  expect(stacks.map(({ view }) => view)).toEqual(['short-axis', '2-chamber', '4-chamber']);
  const locations = stacks[0]!.slices.map(({ location }) => location);
  expect(locations.at(0)).toBe(0);
  expect(locations.at(-1)).toBe(1);
  expect(stacks.every(({ slices }) => slices.every(({ files }) => files.length === 3))).toBe(true);
  const image = await imageValues(library, { subject: 'patient002', stack: 0, slice: 4, frame: 2 });
  const expected = phantomSubject(7, 1, { difficulty: 'mid', phases: 3, size: 48 });
  const source = expected.images.find(
    ({ view, slice, phase }) => view === 'sax' && slice === 4 && phase === 2,
  )!;
  expect([...image.values]).toEqual([...source.pixels]);
  expect(image.low).toBeLessThan(image.high);
});

it('built-in knees are prepared to the same data as their DICOM files, of whichever stack', async () => {
  const cohort = { subjects: 6, difficulty: 'mid', phases: 1, imageSize: 32, seed: 5 } as const;
  const knees = [0, 1, 2, 3, 4, 5].map((index) => kneeSubject(5, index, { difficulty: 'mid', size: 32 }));
  expect(new Set(knees.map(({ side }) => side)).size, 'left and right').toBe(2);
  const files = phantomSources(knees.flatMap(encodeKneeDicom));
  for (const targetView of ['sagittal', 'axial']) {
    const fromFiles = await prepare(files, { ...grid, targetView });
    const inPlace = await prepareKnees({ ...cohort, anatomy: 'knee', targetView }, grid);
    expect(inPlace.manifest).toEqual(fromFiles.manifest);
    expect(inPlace.manifest.referenceViews).toHaveLength(2);
    expect(inPlace.pixels).toEqual(fromFiles.pixels);
  }
  const { stacks } = studyInfo(kneeLibrary({ ...cohort, anatomy: 'knee' }), 'patient002');
  expect(stacks.map(({ view, references }) => [view, references.length])).toEqual([
    ['sagittal', 2],
    ['coronal', 2],
    ['axial', 2],
  ]);
});
