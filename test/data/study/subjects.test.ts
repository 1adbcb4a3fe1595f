/** @file Who is a subject where PatientID is blank, a dummy, shared by several or changed; and that no plane crosses over. */

import { describe, expect, test } from 'vitest';
import { labelStudies } from '../../../src/data/labels.ts';
import type { FileSource } from '../../../src/data/types.ts';
import { type Entries, longAxisPlane, shortAxisPlane } from '../dicom-writer.ts';
import { imageFile } from '../studies.ts';

interface Person {
  readonly folder: string;
  readonly id: string;
  readonly study?: string;
  readonly frame?: string;
  readonly extra?: Entries;
}

/** Three slices and a 2-chamber plane, which lies elsewhere in each folder. */
function person({ folder, id, study = '', frame = '', extra = {} }: Person): FileSource[] {
  const override: Entries = { ...(study === '' ? {} : { '0020000d': ['UI', study] }), ...extra };
  const under = folder === '' ? '' : `${folder}/`;
  const rest = { patientId: id, frameOfReferenceUid: frame, override };
  const name = `${folder}.${study}`.length;
  return [
    ...[0, 8, 16].map((offset, i) =>
      imageFile(`${under}sax_${i}/a.dcm`, shortAxisPlane(offset), {
        ...rest,
        seriesUid: `1.${name}.${study || 4}.${i}.${folder.length}${folder.charCodeAt(0) || 0}`,
      }),
    ),
    imageFile(`${under}2ch_9/a.dcm`, longAxisPlane(0.2 * name), {
      ...rest,
      seriesUid: `1.${name}.${study || 4}.9.${folder.length}${folder.charCodeAt(0) || 0}`,
    }),
  ];
}

/** Subjects by name, how many slices have a line, and whether each line is of the subject's own folder. */
async function found(people: readonly Person[], own = true) {
  const { images, notices } = await labelStudies(people.flatMap(person));
  const subjects = [...new Set(images.map(({ subject }) => subject))];
  const lines = images.filter(({ references }) => references['2-chamber']!.native !== null);
  if (own)
    for (const { file, references } of lines)
      expect(references['2-chamber']!.file!.split('sax')[0]).toContain(file.split('/sax')[0]);
  return {
    subjects,
    lines: lines.length,
    images: images.length,
    told: notices.map(({ message }) => message).join('\n'),
  };
}

describe('two patients', () => {
  test.each(['ANONYMOUS', 'anonymous', '', '   ', '0000', 'XXXX', 'Unknown', 'N/A', '12345678'])(
    'whose PatientID is "%s" are told apart by their studies, then by their folders',
    async (id) => {
      for (const studies of [
        ['2.1', '2.2'],
        [undefined, undefined],
        ['2.1', '2.1'],
      ]) {
        const people = ['first', 'second'].map((folder, i) => ({
          folder,
          id,
          ...(studies[i] && { study: studies[i]! }),
        }));
        const { subjects, lines, told } = await found(people);
        expect(subjects).toEqual(['first', 'second']);
        expect(lines).toBe(6);
        expect(told).toMatch(/^PatientID .*first, second/);
      }
    },
  );

  test('in one flat folder are told apart by their studies', async () => {
    const [a, b] = ['2.1', '2.2'].map((study) => person({ folder: '', id: '', study }));
    const flat = [...a!, ...b!].map((file, i) => ({ ...file, path: `IM${i}` }));
    const views = ['0', '1', '2', '9'].flatMap((n) =>
      ['2.1', '2.2'].map((study) => ({
        match: `1.4.${study}.${n}.00`,
        view: n === '9' ? '2-chamber' : 'short-axis',
      })),
    );
    const { images } = await labelStudies(flat, { views });
    expect(images.map(({ subject }) => subject)).toEqual([
      'unnamed-1',
      'unnamed-1',
      'unnamed-1',
      'unnamed-2',
      'unnamed-2',
      'unnamed-2',
    ]);
    for (const { subject, references } of images)
      expect(references['2-chamber']!.file).toBe(subject === 'unnamed-1' ? 'IM3' : 'IM7');
  });

  test('of one number, in folders and studies of their own, are two, and that is said', async () => {
    const people = [
      { folder: 'first', id: 'P1', study: '2.1' },
      { folder: 'second', id: 'P1', study: '2.2' },
    ];
    const { subjects, lines, told } = await found(people);
    expect(subjects).toEqual(['P1 (first)', 'P1 (second)']);
    expect(lines).toBe(6);
    expect(told).toMatch(
      /PatientID P1 stands for 2 patients, by studies and folders: P1 \(first\), P1 \(second\)\./,
    );
  });

  test('of different numbers stay two, though a de-identification gave them one study', async () => {
    const people = ['a', 'b'].map((folder) => ({
      folder: `${folder}x`,
      id: folder,
      study: '2.1',
      frame: '3.1',
    }));
    expect(await found(people)).toMatchObject({ subjects: ['a', 'b'], lines: 6, told: '' });
  });
});

test('eight patients of one number in a cohort are eight, wherever the folder is opened', async () => {
  for (const above of ['', 'cohort/']) {
    const people = Array.from({ length: 8 }, (_, i) => ({
      folder: `${above}${'abcdefgh'[i]!.repeat(i + 1)}`,
      id: 'HCM01',
      study: `2.${i + 1}`,
    }));
    expect((await found(people)).subjects).toHaveLength(8);
  }
});

describe('one patient', () => {
  test('with two studies is one subject, and no plane of one cuts the other', async () => {
    for (const folders of [
      ['P1/one', 'P1/two'],
      ['visit1', 'visit2'],
      ['P1_base', 'P1_late'],
    ]) {
      const people = folders.map((folder, i) => ({ folder, id: 'P1', study: `2.${i + 1}` }));
      expect(await found(people), folders.join()).toMatchObject({ subjects: ['P1'], lines: 6, told: '' });
    }
  });

  test('whose images lie there again, with other pixels, is one, and no image counts twice', async () => {
    const pixels = new Int16Array(1920).fill(3);
    const again = (id: string) => {
      const rest = {
        patientId: id,
        frameOfReferenceUid: '3.1',
        pixels,
        override: { '0020000d': ['UI', '2.1'] },
      } as const;
      const seriesUid = (n: number) => `1.9.2.1.${n}.5102`;
      const slices = [0, 8, 16].map((offset, i) =>
        imageFile(`second/sax_${i}/a.dcm`, shortAxisPlane(offset), { ...rest, seriesUid: seriesUid(i) }),
      );
      return [
        ...slices,
        imageFile('second/2ch_9/a.dcm', longAxisPlane(0.2 * 9), { ...rest, seriesUid: seriesUid(9) }),
      ];
    };
    const labelled = (id: string, other: string) =>
      labelStudies([...person({ folder: 'first', id, study: '2.1', frame: '3.1' }), ...again(other)]);
    const { images, skipped, notices } = await labelled('P1', 'P1');
    expect(images.map(({ subject }) => subject)).toEqual(['P1', 'P1', 'P1']);
    expect(skipped.map(({ reason }) => reason.code)).toEqual(Array(4).fill('REPEATED_SLICE'));
    expect(notices).toEqual([]);
    for (const [id, other] of [
      ['P1', 'P2'],
      ['', ''],
    ] as const)
      expect(new Set((await labelled(id, other)).images.map(({ subject }) => subject)).size).toBe(2);
  });

  test('examined on two days is one subject in folders that differ in the day alone', async () => {
    const subjects = async (folders: readonly string[]) =>
      (await found(folders.map((folder, i) => ({ folder, id: 'P1', study: `2.${i + 1}` })))).subjects;
    for (const folders of [
      ['2017-12-08', '2019-01-31_09-30'],
      ['08.12.2017', '31.01.2019'],
      ['CMR 20171208', 'CMR 20190131T0930'],
    ])
      expect(await subjects(folders), folders.join()).toEqual(['P1']);
    expect(await subjects(['Doe 2017-12-08', 'Roe 2019-01-31'])).toHaveLength(2);
  });

  test('whose number changed within a study is one, and that is said', async () => {
    const sax = person({ folder: 'p', id: 'P1', study: '2.1', frame: '3.1' }).slice(0, 3);
    const long = person({ folder: 'p', id: 'P1-corrected', study: '2.1', frame: '3.1' }).slice(3);
    const { images, notices } = await labelStudies([...sax, ...long]);
    expect(
      images.map(({ subject, references }) => [subject, references['2-chamber']!.native !== null]),
    ).toEqual([1, 2, 3].map(() => ['P1', true]));
    expect(notices[0]!.message).toMatch(/several PatientIDs \(P1, P1-corrected\)/);
  });

  test('opened at the study, whose folders are series, is one', async () => {
    for (const study of ['2.1', '']) {
      const people = [{ folder: '', id: '', study }];
      expect(await found(people, false)).toMatchObject({ subjects: ['unnamed'], lines: 3 });
    }
  });
});

test('--subjects folder and patient go by nothing else', async () => {
  const files = ['first', 'second'].flatMap((folder) =>
    person({ folder, id: 'P1', study: '2.1', frame: '3.1' }),
  );
  const subjects = async (rule: 'folder' | 'patient'): Promise<string[]> => [
    ...new Set((await labelStudies(files, { subjects: rule })).images.map(({ subject }) => subject)),
  ];
  expect(await subjects('folder')).toEqual(['first', 'second']);
  expect(await subjects('patient')).toEqual(['P1']);
});
