/** @file From folders to labels: grouping, views, references and every reason for a label that is not there. */

import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { pixelToWorld, planeNormal } from '../../src/data/geometry.ts';
import { type LabelOptions, labelStudies } from '../../src/data/labels.ts';
import { cropMap } from '../../src/data/resample.ts';
import { planStudies } from '../../src/data/study/plan.ts';
import { parseViewRule } from '../../src/data/study/views.ts';
import type { FileSource, Line } from '../../src/data/types.ts';
import { dot, subtract } from '../../src/data/vector.ts';
import { longAxisPlane, memoryFile, shortAxisPlane } from './dicom-writer.ts';
import { cineStudy, dsbccSubject, imageFile } from './studies.ts';

const pointsOn = ([a, b, d]: Line): [number, number][] =>
  [-90, 140].map((t) => [-a * d - b * t, -b * d + a * t]);

describe('a cine study in short-axis/ and long-axis/', () => {
  test('gives every short-axis image a line on the middle long-axis plane, in native and prepared pixels', async () => {
    const files = await cineStudy();
    const labels = await labelStudies(files, { size: 224, spacingMm: 1.26 });
    expect(labels).toMatchObject({ targetView: 'short-axis', referenceViews: ['long-axis'], skipped: [] });
    expect(labels.images).toHaveLength(60);
    const plans = (await planStudies(files)).targets;
    const reference = (await planStudies(files, { targetView: 'long-axis' })).targets.find(
      (t) => t.image.source.path === labels.images[0]!.references['long-axis']!.file,
    )!;
    expect([6, 7]).toContain(reference.slice);
    const { plane } = reference.image.header;
    for (const [i, label] of labels.images.entries()) {
      const target = plans[i]!.image.header.plane;
      const { native, crop } = label.references['long-axis']!;
      const map = cropMap(target, 224, 1.26);
      for (const [x, y] of pointsOn(native!)) {
        const off = dot(planeNormal(plane), subtract(pixelToWorld(target, x, y), plane.position));
        expect(Math.abs(off)).toBeLessThan(1e-9);
        const [u, v] = [map[0] * x + map[2], map[4] * y + map[5]];
        expect(Math.abs(crop![0] * u + crop![1] * v + crop![2])).toBeLessThan(1e-9);
      }
    }
  });

  test('runs from base to apex in file order, phases by trigger time, slices evenly spaced', async () => {
    const { images } = await labelStudies((await cineStudy()).toReversed());
    const inFileOrder = images.toSorted((a, b) => (a.file < b.file ? -1 : 1));
    expect(images).toEqual(inFileOrder);
    for (const [i, image] of images.entries()) {
      expect(image).toMatchObject({ view: 'short-axis', slice: Math.floor(i / 3), frame: i % 3 });
      expect(image.location).toBeCloseTo(image.slice / 19, 4);
    }
    expect(new Set(images.map((image) => image.subject)).size).toBe(1);
  });

  test('takes another slice of the reference when asked, and says so when there is none', async () => {
    const files = await cineStudy();
    const middle = (await labelStudies(files)).images[0]!.references['long-axis']!;
    const first = await labelStudies(files, { referenceSlice: { 'long-axis': 0 } });
    expect(first.images[0]!.references['long-axis']!.file).not.toBe(middle.file);
    const beyond = await labelStudies(files, { referenceSlice: { 'long-axis': 14 } });
    expect(beyond.images[0]!.references['long-axis']).toMatchObject({
      native: null,
      crop: null,
      reason: { code: 'REFERENCE_SLICE', message: expect.stringContaining('14 slices') },
    });
  });
});

describe('folders as DSBCC lays them out', () => {
  test('make one stack of the slice folders, with 2-chamber and 4-chamber lines, per subject', async () => {
    const { images, referenceViews } = await labelStudies([...dsbccSubject('11'), ...dsbccSubject('7')]);
    expect(referenceViews).toEqual(['2-chamber', '4-chamber']);
    const rows = images.map((i) => [i.subject, i.slice, i.frame, Math.fround(i.location!)]);
    expect(rows.slice(0, 6)).toEqual([0, 1, 2].flatMap((s) => [0, 1].map((f) => ['11', s, f, s / 2])));
    expect(rows.slice(6).every(([subject]) => subject === '7')).toBe(true);
    expect(images[0]!.file).toContain('0002.dcm');
    expect(images[0]!.references['4-chamber']!.file).toMatch(/^11\/study\/4ch_19\//);
  });

  test('keep patients apart when all their files share one folder', async () => {
    const flat = [...dsbccSubject('a'), ...dsbccSubject('b')].map((file) => {
      const [subject, , view, name] = file.path.split('/');
      return { ...file, path: `sax/${view}_${subject}_${name}` };
    });
    const series = ['sax_1', 'sax_3', 'sax_0', '2ch_20', '4ch_19'];
    const views = ['a', 'b'].flatMap((id) =>
      series.map((name) => ({
        match: `1.3.${id}.${name}`,
        view: { s: 'short-axis', 2: '2-chamber', 4: '4-chamber' }[name[0]!]!,
      })),
    );
    const { images } = await labelStudies(flat, { views });
    expect(images).toHaveLength(12);
    for (const image of images)
      expect(image.references['2-chamber']!.file).toContain(`2ch_20_${image.subject}_`);
  });

  test('use the later of two acquisitions of one slice, and report the other', async () => {
    const again = imageFile('11/study/sax_99/IM-9.dcm', shortAxisPlane(8), {
      patientId: '11',
      seriesUid: '1.3.11.sax_99',
      frameOfReferenceUid: '1.4.11',
    });
    const { images, skipped } = await labelStudies([...dsbccSubject('11'), again]);
    expect(images).toHaveLength(6);
    expect(skipped).toMatchObject([{ file: '11/study/sax_99/IM-9.dcm', reason: { code: 'REPEATED_SLICE' } }]);
  });
});

describe('views', () => {
  const labelled = async (files: FileSource[], options: LabelOptions = {}) =>
    (await labelStudies(files, options)).images.map((image) => image.file);

  test.each([
    ['SSFP-CINE SAx', '4CH'],
    ['cine short axis stack', 'HLA four chamber'],
    ['SHORT_AXIS', 'cine_4ch_tfisp'],
  ])('are found by descriptions "%s" and "%s"', async (short, long) => {
    const files = [
      imageFile('a.dcm', shortAxisPlane(0), { seriesDescription: short, seriesUid: '1.1' }),
      imageFile('b.dcm', longAxisPlane(0), { seriesDescription: long, seriesUid: '1.2' }),
      imageFile('c.dcm', longAxisPlane(1), { seriesDescription: 'localizer', seriesUid: '1.3' }),
    ];
    const { images, referenceViews } = await labelStudies(files);
    expect([images.map((i) => i.file), referenceViews]).toEqual([['a.dcm'], ['4-chamber']]);
  });

  test('follow the mapping first: folder word, glob, description and series', async () => {
    const files = [
      imageFile('x/ser 003/a.dcm', shortAxisPlane(0), { seriesUid: '9.9.1', seriesDescription: 'Tra BFFE' }),
      imageFile('x/cor_1/b.dcm', longAxisPlane(0), { seriesUid: '9.9.2', seriesDescription: '4ch' }),
    ];
    for (const match of ['ser 003', 'SER*', 'x/ser ???', '9.9.1', 'bffe', 'tra*'])
      expect(await labelled(files, { views: [{ match, view: 'short-axis' }] }), match).toEqual([
        'x/ser 003/a.dcm',
      ]);
    for (const match of ['ser 00', 'er*', '9.9', 'ffe'])
      await expect(labelled(files, { views: [{ match, view: 'short-axis' }] }), match).rejects.toThrow(
        /--map .*=short-axis matches no folder, series or description\. (The nearest names are|There are) /,
      );
    const target = { targetView: 'coronal', views: [parseViewRule('cor_*=coronal')] };
    expect(await labelled(files, target)).toEqual(['x/cor_1/b.dcm']);
  });

  test('that contradict each other are a ConfigError', async () => {
    expect(() => parseViewRule('short-axis')).toThrow(
      /view mapping: short-axis: a mapping folder-or-series=view, such as/,
    );
    expect(() => parseViewRule('=short-axis')).toThrow(ConfigError);
    const files = dsbccSubject('1');
    await expect(labelStudies(files, { referenceViews: ['short-axis'] })).rejects.toThrow(ConfigError);
    await expect(labelStudies(files, { referenceViews: ['2-chamber', '2ch'] })).rejects.toThrow(
      /No image of reference view 2ch.*views found: 2-chamber, 4-chamber, short-axis/,
    );
    await expect(labelStudies(files, { size: 0 })).rejects.toThrow(ConfigError);
    await expect(labelStudies([])).rejects.toThrow(/No usable DICOM image was found/);
  });

  test('where nothing is usable, the error names the folder and the first skipped files with their reasons', async () => {
    const whole = await dsbccSubject('1')[0]!.read();
    const cut = Array.from({ length: 7 }, (_, i) => memoryFile(`a/cut${i}.dcm`, whole.subarray(0, 2000)));
    const gone = { path: 'gone.dcm', read: () => Promise.reject(new Error('unplugged')) };
    const { message } = await labelStudies([gone, ...cut], { from: 'study' }).catch((error) => error);
    expect(message).toMatch(
      /^No usable DICOM image was found in study\. .*8 files were skipped:\n {2}gone\.dcm: unplugged\n/,
    );
    expect(message.match(/a\/cut\d\.dcm/g)).toEqual([0, 1, 2, 3].map((i) => `a/cut${i}.dcm`));
    expect(message).toMatch(/\n {2}and 3 more$/);
    expect(message.split('\n')).toHaveLength(7);
    const one = await labelStudies(cut.slice(1, 2)).catch((error) => error);
    expect(one.message).toMatch(/1 file was skipped:\n {2}a\/cut1\.dcm: [^\n]*\.$/);
  });
});

describe('a label that does not exist has a reason', () => {
  const sax = [0, 8].map((o, i) => imageFile(`p/sax_${i}/a.dcm`, shortAxisPlane(o), { seriesUid: `1.${i}` }));
  const reasonFor = async (reference: FileSource[], view = '2-chamber') => {
    const other = imageFile('other/2ch/a.dcm', longAxisPlane(0), { patientId: 'other' });
    const files = [...sax, ...reference, other];
    const { images } = await labelStudies(files, { referenceViews: [view] });
    expect(images).toHaveLength(2);
    const { native, crop, reason } = images[0]!.references[view]!;
    expect([native === null, crop === null]).toEqual([reason !== undefined, reason !== undefined]);
    return reason?.code;
  };

  test('missing, parallel or foreign references', async () => {
    expect(await reasonFor([])).toBe('NO_REFERENCE');
    const parallel = imageFile('p/2ch/a.dcm', shortAxisPlane(30), { seriesUid: '1.8' });
    expect(await reasonFor([parallel])).toBe('PARALLEL');
    const foreign = imageFile('p/2ch/a.dcm', longAxisPlane(0), { frameOfReferenceUid: '5.5' });
    expect(await reasonFor([foreign])).toBe('FRAME_OF_REFERENCE');
    expect(
      await reasonFor([imageFile('p/2ch/a.dcm', longAxisPlane(0), { frameOfReferenceUid: '' })]),
    ).toBeUndefined();
  });

  test('a stack of one slice has lines but no location', async () => {
    const { images } = await labelStudies(dsbccSubject('1', 1));
    expect(images).toHaveLength(2);
    expect(images[0]).toMatchObject({ location: null, locationReason: { code: 'ONE_LOCATION' } });
    expect(images[0]!.references['2-chamber']!.native).not.toBeNull();
  });

  test('unusable files are skipped by name, others are used, foreign kinds of files ignored', async () => {
    const text = new TextEncoder().encode('hello '.repeat(100));
    const whole = await dsbccSubject('1')[0]!.read();
    const { images, skipped } = await labelStudies([
      ...dsbccSubject('1'),
      memoryFile('1/notes.dcm', text),
      memoryFile('LICENSE', text),
      memoryFile('1/cut.dcm', whole.subarray(0, 2000)),
      imageFile('1/lost.dcm', shortAxisPlane(0), { override: { '00200032': null } }),
      memoryFile('1/copy.dcm', whole),
      { path: 'gone.dcm', read: () => Promise.reject(new Error('unplugged')) },
    ]);
    expect(images).toHaveLength(6);
    expect(skipped.map((s) => [s.file, s.reason.code])).toEqual([
      ['1/notes.dcm', 'FILE'],
      ['1/cut.dcm', 'FILE'],
      ['1/lost.dcm', 'DICOM'],
      ['1/copy.dcm', 'COPY'],
      ['gone.dcm', 'READ'],
    ]);
    expect(skipped[2]!.reason.message).toContain('ImagePositionPatient (0020,0032) is missing');
  });
});
