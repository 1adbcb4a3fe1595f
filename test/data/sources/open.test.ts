/** @file Folders opened as what they are: which source is taken, what is left, what is refused. */
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/base/errors.ts';
import { encodePhantomSubject, phantomSubject } from '../../../src/data/phantom.ts';
import { samplesOf } from '../../../src/data/sample.ts';
import { type OpenOptions, openFiles } from '../../../src/data/sources/open.ts';
import type { Notice } from '../../../src/data/types.ts';
import { memoryFile } from '../dicom-writer.ts';
import { dsbccSubject } from '../studies.ts';
import { patient, textFile } from './volumes.ts';

const grid = { size: 16, spacingMm: 2 };
const both = [...dsbccSubject('1'), ...patient('patient001')];

describe('a folder', () => {
  test('of DICOM files and ACDC volumes is taken as DICOM, unless ACDC is named; a notice says what is left', async () => {
    const told: Notice[] = [];
    const onNotice = (notice: Notice) => told.push(notice);
    const usual = await openFiles(both, { ...grid, onNotice });
    expect(usual).toMatchObject({ source: 'dicom', data: { manifest: { version: 1 } } });
    expect(usual.series.length).toBeGreaterThan(0);
    expect(usual.notices).toEqual(told);
    expect(told.map(({ code, message }) => `${code} ${message}`)).toEqual([
      expect.stringMatching(
        /^OTHER_SOURCE Taken are 10 DICOM images .*; left are 2 NIfTI volumes of 1 patient laid out as ACDC/,
      ),
    ]);
    const named = await openFiles(both, { ...grid, source: 'acdc' });
    expect(named).toMatchObject({ source: 'acdc', notices: [], series: [] });
    expect(named.ignored).toHaveLength(10);
  });

  test('of ACDC volumes beside DICOM files that cannot be read is taken as ACDC', async () => {
    const broken = textFile('a.dcm', 'no DICOM');
    expect(await openFiles([broken, ...patient('patient001')], grid)).toMatchObject({ source: 'acdc' });
  });

  test('of neither is refused, with what was sought and what could not be read', async () => {
    const from = 'photos';
    const fault = (files: Parameters<typeof openFiles>[0], options: OpenOptions = {}) =>
      expect(openFiles(files, { from, ...options })).rejects;
    await fault([textFile('a.txt', '')]).toThrow(
      /^No DICOM images or NIfTI volumes laid out as ACDC or NumPy volumes laid out as MRNet or colour frames as PNG or JPEG were found in photos\./,
    );
    await fault([textFile('a.dcm.gz', ''), textFile('b.dcm.gz', '')]).toThrow(
      /What is there: 2 \.gz\. Point to a folder of such files\. Unpack \.gz files first\.$/,
    );
    await fault([textFile('a.jpg', '')]).toThrow(/^No colour frame in photos can be used\.[\s\S]*a\.jpg: /);
    await fault([textFile('a.dcm', 'no DICOM')]).toThrow(/1 file was skipped:\n {2}a\.dcm: /);
    await fault(dsbccSubject('1'), { source: 'acdc' }).toThrow(
      /^No NIfTI volumes laid out as ACDC were found/,
    );
    await fault([], {}).toThrow(ConfigError);
  });
});

describe('an option', () => {
  test.each<[OpenOptions, RegExp]>([
    [{ views: [{ name: 'a', view: 'short-axis' }] as never }, /--map/],
    [{ targetView: '4-chamber' }, /--target/],
    [{ referenceViews: ['2-chamber'] }, /--reference\)/],
    [{ subjects: 'folder' }, /--subjects/],
    [{ locationDirection: 'zhang2024' }, /--location/],
  ])('that ACDC volumes have no use for is refused: %j', async (options, message) => {
    const opened = openFiles(patient('patient001'), { ...grid, from: 'p', ...options });
    await expect(opened).rejects.toThrow(ConfigError);
    await expect(opened).rejects.toThrow(
      /^p holds 2 NIfTI volumes of 1 patient laid out as ACDC, for which /,
    );
    await expect(opened).rejects.toThrow(message);
  });

  test('of masks is refused for DICOM; empty lists are no option', async () => {
    await expect(openFiles(dsbccSubject('1'), { ...grid, emptySlices: 'background' })).rejects.toThrow(
      /--empty-slices/,
    );
    await expect(openFiles(patient('a'), { ...grid, views: [], referenceViews: [] })).resolves.toBeDefined();
  });

  test('that names no source, or is no grid, is refused before any file is read', async () => {
    const unread = { path: 'a.dcm', read: () => Promise.reject(new TypeError('read')) };
    await expect(openFiles([unread], { source: 'nrrd' })).rejects.toThrow(
      /no data source nrrd\. Choose one of dicom, acdc/,
    );
    await expect(openFiles([unread], { size: 0 })).rejects.toThrow(/Image size 0/);
  });
});

test('a phantom cohort’s ACDC folders give the masks, planes and locations that the hearts were made with', async () => {
  const options = { size: 48, phases: 2 };
  const hearts = [0, 1].map((index) => phantomSubject(5, index, options));
  const files = hearts.flatMap((heart) => encodePhantomSubject(heart));
  const acdc = files.filter(({ path }) => path.startsWith('acdc/'));
  const sources = acdc.map(({ path, bytes }) => memoryFile(path, bytes));
  const spacingMm = 256 / 48;
  const { data, notices } = await openFiles(sources, { size: 48, spacingMm, emptySlices: 'background' });
  expect(data.manifest.classes).toEqual(['background', 'right ventricle', 'myocardium', 'left ventricle']);
  expect(notices.map(({ code }) => code)).toEqual(['EMPTY_SLICES']);
  for (const { subject, frame, slice, plane, phase, location, mask } of samplesOf(data)) {
    const heart = hearts.find(({ id }) => id === subject)!;
    const stack = heart.images.filter((one) => one.view === 'sax' && one.phase === frame);
    const image = stack.find((one) => one.slice === slice)!;
    expect(mask()).toEqual(image.mask);
    expect(phase).toBe(frame === heart.info.endDiastole ? 'ED' : 'ES');
    expect(location).toBeCloseTo(slice / (stack.length - 1), 4);
    plane.position.forEach((mm, axis) => {
      expect(mm).toBeCloseTo(image.plane.position[axis]!, 2);
    });
  }
  const sax = hearts.flatMap(({ images }) => images.filter(({ view }) => view === 'sax'));
  expect(data.manifest.images).toHaveLength(sax.length);
});
