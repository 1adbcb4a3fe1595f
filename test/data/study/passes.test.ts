/** @file One image a slice and phase: what else lies at a place is left out by name, and phases are never lost. */

import { describe, expect, test } from 'vitest';
import { labelStudies } from '../../../src/data/labels.ts';
import type { FileSource } from '../../../src/data/types.ts';
import { type Entries, memoryFile, shortAxisPlane, type TestImage } from '../dicom-writer.ts';
import { imageFile } from '../studies.ts';

type Rest = Omit<TestImage, 'plane'>;

/** An image at one place in a series; `name` is its file. */
const at = (name: string, rest: Rest = {}): FileSource =>
  imageFile(`p/sax_1/${name}.dcm`, shortAxisPlane(0), { patientId: 'P1', seriesUid: '1.7', ...rest });

const type = (text: string): Entries => ({ '00080008': ['CS', text] });
const is = (tag: string, value: number): Entries => ({ [tag]: ['IS', String(value)] });
const time = (text: string): Entries => ({ '00080032': ['TM', text] });

/** Names of the images used, in their order, and of those left with the reason. */
async function sorted(files: readonly FileSource[]): Promise<{ used: string; left: Record<string, string> }> {
  const name = (file: string): string => file.split('/').at(-1)!.replace('.dcm', '');
  const { images, skipped } = await labelStudies(files);
  return {
    used: images.map(({ file }) => name(file)).join(' '),
    left: Object.fromEntries(skipped.map(({ file, reason }) => [name(file), reason.code])),
  };
}

/** Two phases of an acquisition. */
const phases = (names: string, rest: (phase: number) => Rest): FileSource[] =>
  names
    .split(' ')
    .map((name, i) => at(name, { instanceNumber: i + 1, triggerTimeMs: 10 + 400 * i, ...rest(i) }));

describe('images that are none to learn from are left out', () => {
  test.each([
    ['Siemens phase', 'ORIGINAL\\PRIMARY\\P\\ND', 'PHASE_IMAGE'],
    ['Philips phase contrast', 'ORIGINAL\\PRIMARY\\PHASE CONTRAST M\\P\\PCA', 'PHASE_IMAGE'],
    ['Philips velocity', 'ORIGINAL\\PRIMARY\\VELOCITY MAP\\P\\PCA', 'PHASE_IMAGE'],
    ['Philips phase map', 'ORIGINAL\\PRIMARY\\PHASE MAP\\P\\FFE', 'PHASE_IMAGE'],
    ['a real part', 'ORIGINAL\\PRIMARY\\R\\ND', 'COMPLEX_PART'],
    ['a localizer', 'ORIGINAL\\PRIMARY\\LOCALIZER\\M', 'LOCALIZER'],
    ['a parameter map', 'DERIVED\\PRIMARY\\T1 MAP\\ND', 'PARAMETER_MAP'],
    ['a projection by the standard', 'DERIVED\\PRIMARY\\MAX_IP\\MAXIMUM', 'PARAMETER_MAP'],
    ['what GE reformatted', 'DERIVED\\SECONDARY\\REFORMATTED\\AVERAGE', 'PARAMETER_MAP'],
  ])('%s', async (_, imageType, code) => {
    const odd = at('c', { instanceNumber: 3, triggerTimeMs: 10, override: type(imageType) });
    const files = [...phases('a b', () => ({ override: type('ORIGINAL\\PRIMARY\\M\\ND') })), odd];
    expect(await sorted(files)).toEqual({ used: 'a b', left: { c: code } });
  });

  test('by ComplexImageComponent and by description, and by no other word', async () => {
    const phase = at('c', { instanceNumber: 3, override: { '00089208': ['CS', 'PHASE'] } });
    const scout = at('d', { instanceNumber: 4, seriesUid: '1.8', seriesDescription: 'sax localizer' });
    const flow = phases('a b', () => ({ override: type('ORIGINAL\\PRIMARY\\M_PCA\\M\\PCA') }));
    expect(await sorted([...flow, phase, scout])).toEqual({
      used: 'a b',
      left: { c: 'PHASE_IMAGE', d: 'LOCALIZER' },
    });
  });

  test('a localizer of three planes is one, though they have a corner in common', async () => {
    const across = shortAxisPlane(0);
    const back = (v: readonly number[]) => v.map((part) => -part) as [number, number, number];
    const planes = [
      across,
      { ...across, rowDirection: across.columnDirection, columnDirection: back(across.rowDirection) },
    ];
    const scouts = planes.map((plane, i) =>
      imageFile(`p/sax_9/${i}.dcm`, plane, {
        patientId: 'P1',
        seriesUid: '1.9',
        seriesDescription: 'sax scout',
      }),
    );
    expect(await sorted([...phases('a b', () => ({})), ...scouts])).toEqual({
      used: 'a b',
      left: { 0: 'LOCALIZER', 1: 'LOCALIZER' },
    });
  });

  test('a localizer shifts no location, wherever it lies', async () => {
    const slices = [0, 8, 16].map((offset, i) =>
      imageFile(`p/sax_${i}/a.dcm`, shortAxisPlane(offset), { seriesUid: `1.${i}` }),
    );
    const scout = imageFile('p/sax_9/a.dcm', shortAxisPlane(40), {
      seriesUid: '1.9',
      override: type('ORIGINAL\\PRIMARY\\LOCALIZER'),
    });
    const { images } = await labelStudies([...slices, scout]);
    expect(images.map(({ location }) => Math.round(10 * location!))).toEqual([0, 5, 10]);
  });
});

describe('of several acquisitions in one folder and series the last is used', () => {
  const trials: [string, (trial: number, phase: number) => Rest][] = [
    [
      'AcquisitionNumber',
      (trial, i) => ({
        instanceNumber: i + 1,
        triggerTimeMs: 10 + 3 * trial + 400 * i,
        override: is('00200012', trial),
      }),
    ],
    [
      'AcquisitionTime',
      (trial, i) => ({
        instanceNumber: i + 1 + 2 * trial,
        triggerTimeMs: 10 + 400 * i,
        override: time(`1011${trial}${i}.5`),
      }),
    ],
    [
      'InstanceNumber',
      (trial, i) => ({ instanceNumber: i + 1, override: { '00080033': ['TM', `10111${trial}`] } }),
    ],
    [
      'TriggerTime',
      (trial, i) => ({
        instanceNumber: i + 1 + 2 * trial,
        triggerTimeMs: 10 + 400 * i,
        override: { '00080033': ['TM', `10111${trial}`] },
      }),
    ],
  ];

  test.each(trials)('told by %s', async (_, rest) => {
    const files = [1, 2, 3].flatMap((trial) =>
      [0, 1].map((i) => at(`t${trial}${i}`, { pixels: new Int16Array(1920).fill(trial), ...rest(trial, i) })),
    );
    const { used, left } = await sorted(files);
    expect(used).toBe('t30 t31');
    expect(left).toEqual({
      t10: 'REPEATED_SLICE',
      t11: 'REPEATED_SLICE',
      t20: 'REPEATED_SLICE',
      t21: 'REPEATED_SLICE',
    });
  });

  test('single images too, unless each has a phase of its own', async () => {
    const single = (names: string, rest: (i: number) => Rest): FileSource[] =>
      names.split(' ').map((name, i) => at(name, { instanceNumber: i + 1, ...rest(i) }));
    expect((await sorted(single('a b', (i) => ({ override: is('00200012', i) })))).used).toBe('b');
    const cine = single('a b c', (i) => ({ triggerTimeMs: 30 * i, override: is('00200012', i) }));
    expect((await sorted(cine)).used).toBe('a b c');
    const series = single('a b c', (i) => ({ triggerTimeMs: 300 * i, seriesUid: `1.9.${i}` }));
    expect((await sorted(series)).used).toBe('a b c');
  });

  test('but phases numbered in another order than theirs are one, as long as they are evenly spaced', async () => {
    const order = (numbers: readonly number[], ms: (i: number) => number): FileSource[] =>
      numbers.map((instanceNumber, i) => at(`t${i}`, { instanceNumber, triggerTimeMs: ms(i) }));
    const even = [0, 1, 2, 3, 4, 5].map((i) => `t${i}`).join(' ');
    for (const numbers of [
      [1, 4, 2, 5, 3, 6],
      [3, 1, 4, 2, 6, 5],
    ])
      expect(await sorted(order(numbers, (i) => 10 + 47.4 * i))).toEqual({ used: even, left: {} });
    // two heartbeats: the second begins anywhere between the phases of the first
    const beats = order([1, 4, 2, 5, 3, 6], (i) => 10 + 80 * Math.floor(i / 2) + 23 * (i % 2));
    expect((await sorted(beats)).used).toBe('t1 t3 t5');
  });

  test('of echoes the first, of original and derived the original', async () => {
    const echoes = [
      ...phases('a b', () => ({ override: is('00180086', 1) })),
      ...phases('c d', () => ({ seriesUid: '1.9', override: is('00180086', 2) })),
    ];
    expect(await sorted(echoes)).toEqual({ used: 'a b', left: { c: 'OTHER_ECHO', d: 'OTHER_ECHO' } });
    const filtered = [
      ...phases('a b', () => ({ override: type('ORIGINAL\\PRIMARY\\M') })),
      ...phases('c d', () => ({ seriesUid: '1.9', override: type('DERIVED\\PRIMARY\\M') })),
    ];
    expect(await sorted(filtered)).toEqual({ used: 'a b', left: { c: 'DERIVED_IMAGE', d: 'DERIVED_IMAGE' } });
  });
});

describe('phases are ordered, and kept,', () => {
  test('by TemporalPositionIdentifier or ContentTime where there is no trigger time, or one for all', async () => {
    const temporal = [3, 1, 2].map((position, i) =>
      at('abc'[i]!, { instanceNumber: 9 - i, triggerTimeMs: 0, override: is('00200100', position) }),
    );
    expect((await sorted(temporal)).used).toBe('b c a');
    const content = ['03', '01', '02'].map((second, i) =>
      at('abc'[i]!, {
        override: { '00200013': null, '00080033': ['TM', `1000${second}`], '00080018': ['UI', `1.${i}`] },
      }),
    );
    expect((await sorted(content)).used).toBe('b c a');
  });

  test('where two have one trigger time, rounded', async () => {
    const times = [0, 30, 60, 60, 90, 120];
    const files = times.map((triggerTimeMs, i) => at('abcdef'[i]!, { instanceNumber: i + 1, triggerTimeMs }));
    expect(await sorted(files)).toEqual({ used: 'a b c d e f', left: {} });
  });

  test('where no number tells them apart but their pixels; copies are told of', async () => {
    const bare = (name: string, first: number): FileSource =>
      at(name, {
        pixels: new Int16Array(1920).fill(first),
        override: { '00200013': null, '00080018': ['UI', '1.1'] },
      });
    const copy = memoryFile('p/sax_1/z.dcm', await bare('a', 1).read());
    expect(await sorted([bare('a', 1), bare('b', 2), copy])).toEqual({ used: 'a b', left: { z: 'COPY' } });
  });
});
