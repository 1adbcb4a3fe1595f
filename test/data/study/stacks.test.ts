/** @file What makes one stack: geometry says it, however the slices came; and which of two acquisitions counts. */

import { describe, expect, test } from 'vitest';
import { labelStudies } from '../../../src/data/labels.ts';
import type { FileSource, ImagePlane } from '../../../src/data/types.ts';
import { type Entries, longAxisPlane, shortAxisPlane, type TestImage } from '../dicom-writer.ts';
import { imageFile } from '../studies.ts';

type Rest = Omit<TestImage, 'plane'>;

const number = (tag: string, value: string | number): Entries => ({ [tag]: ['IS', String(value)] });
const uid = (study: string): Entries => ({ '0020000d': ['UI', study] });

/** Phases of one slice, as one series where no other is given. */
function slice(name: string, offset: number, rest: Rest = {}, phases = 2): FileSource[] {
  return Array.from({ length: phases }, (_, i) =>
    imageFile(`p/${name}/${i}.dcm`, shortAxisPlane(offset), {
      seriesUid: `1.7.${name}`,
      instanceNumber: i + 1,
      triggerTimeMs: 40 * i,
      ...rest,
    }),
  );
}

const rounded = ({ location }: { location: number | null }): number | null =>
  location && Math.round(location * 1e4) / 1e4;

/** [file, slice, location] of each image, in the order of labels. */
async function placesOf(files: FileSource[]): Promise<[string, number, number | null][]> {
  const { images } = await labelStudies(files);
  return images.map(({ file, slice: at, location }) => [file, at, rounded({ location })]);
}

const locations = async (files: FileSource[]): Promise<(number | null)[]> => [
  ...new Set((await placesOf(files)).map(([, , location]) => location)),
];

describe('one stack is made of', () => {
  test('two series, interleaved or one after the other, three slices a breath-hold', async () => {
    const offsets = [0, 8, 16, 24, 32, 40];
    for (const seriesOf of [(i: number) => i % 2, (i: number) => Math.floor(i / 3), (i: number) => i]) {
      const files = offsets.flatMap((offset, i) =>
        slice(`sax_${i}`, offset, { seriesUid: `1.8.${seriesOf(i)}` }),
      );
      expect(await locations(files)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    }
  });

  test('slices among which one is missing, and of which one is turned over', async () => {
    const turned: ImagePlane = { ...shortAxisPlane(24), rowDirection: [-0.8, -0.36, -0.48] };
    const files = [0, 8, 16].flatMap((offset, i) => slice(`sax_${i}`, offset));
    files.push(imageFile('p/sax_9/0.dcm', turned, { seriesUid: '1.7.9' }), ...slice('sax_5', 40));
    expect(await locations(files)).toEqual([0, 0.2, 0.4, 0.6, 1]);
  });

  test('images whose positions jitter or drift between phases, whether the thickness is known or not', async () => {
    const jitter = [0, 0.3, -0.2, 0.45];
    const drift = Array.from({ length: 20 }, (_, i) => 0.06 * i);
    const thicknesses: Entries[] = [{ '00180050': ['DS', '8'] }, {}];
    for (const thickness of thicknesses)
      for (const shifts of [jitter, drift]) {
        const files = [0, 8, 16, 24].flatMap((offset, s) =>
          shifts.flatMap((shift, i) =>
            imageFile(`p/sax_${s}/${i}.dcm`, shortAxisPlane(offset + shift), {
              seriesUid: `1.7.${s}`,
              instanceNumber: i + 1,
              triggerTimeMs: 40 * i,
              override: thickness,
            }),
          ),
        );
        const places = await placesOf(files);
        expect(new Set(places.map(([, at]) => at)).size).toBe(4);
        expect(places).toHaveLength(4 * shifts.length);
      }
  });

  test('but thin slices stay slices, also with some missing, and overlapping ones', async () => {
    const thin = [0, 0.6, 1.2, 3.6, 4.2, 4.8];
    const files = (extra: Entries) =>
      thin.flatMap((offset, i) => slice(`sax_${i}`, offset, { seriesUid: '1.8', override: extra }, 1));
    for (const extra of [
      {},
      { '00180050': ['DS', '0.6'] },
      { '00180050': ['DS', '4'], '00180088': ['DS', '0.6'] },
    ])
      expect(await locations(files(extra as Entries)), JSON.stringify(extra)).toEqual([
        0, 0.125, 0.25, 0.75, 0.875, 1,
      ]);
  });

  test('one series of uneven steps; a second of other steps is a stack of its own', async () => {
    const cine = [0, 8, 16, 24].flatMap((offset, i) => slice(`sax_${i}`, offset, { seriesUid: '1.8' }));
    const perfusion = [3, 15, 27].flatMap((offset, i) => slice(`sax_p${i}`, offset, { seriesUid: '1.9' }));
    expect(await locations([...cine, ...perfusion])).toEqual([0, 0.3333, 0.6667, 1, 0.5]);
    const uneven = [0, 8, 13, 31].flatMap((offset, i) => slice(`sax_${i}`, offset, { seriesUid: '1.8' }));
    expect(await locations(uneven)).toEqual([0, 0.2581, 0.4194, 1]);
  });

  test('a series a slice: what lies astray between even ones is left by name, uneven ones stay together', async () => {
    const series = async (offsets: readonly number[], phases: readonly number[] = []) => {
      const files = offsets.flatMap((offset, i) => slice(`sax_${i}`, offset, {}, phases[i]));
      const { images, skipped } = await labelStudies(files);
      const left = skipped.map(({ file, reason }) => `${file} ${reason.code}`);
      return { locations: [...new Set(images.map(rounded))], left };
    };
    const strayed = { locations: [0, 0.25, 0.5, 0.75, 1] };
    for (const [offsets, at] of [
      [[0, 8, 13, 16, 24, 32], 2],
      [[0, 8, 16, 19, 24, 32], 3],
    ] as const) {
      const left = [0, 1].map((i) => `p/sax_${at}/${i}.dcm STRAY_SLICE`);
      expect(await series(offsets)).toEqual({ ...strayed, left });
    }
    // of two that lie close together the one with fewer images is astray
    const two = await series([0, 8, 11, 16, 24, 32, 35, 40, 48, 56], [3, 3, 2, 3, 3, 3, 2, 3, 3, 3]);
    expect(new Set(two.left.map((text) => text.split('/')[1]))).toEqual(new Set(['sax_2', 'sax_6']));
    expect(two.locations).toHaveLength(8);
    expect(await series([0, 8, 13, 60])).toEqual({ locations: [0, 0.1333, 0.2167, 1], left: [] });
  });

  test('a series a slice, also where a third of the slices have half as many phases', async () => {
    const phases = [1, 2, 2, 1, 2, 2, 1, 2, 2, 1, 2];
    const files = phases.flatMap((count, i) => slice(`sax_${i}`, 8 * i, {}, count));
    const { images, skipped } = await labelStudies(files);
    expect(skipped).toEqual([]);
    expect(images.map(({ slice: at }) => at)).toEqual(phases.flatMap((count, i) => Array(count).fill(i)));
  });

  test('slices of one study: two studies of one patient are two stacks of one subject', async () => {
    const files = ['a', 'b'].flatMap((study, s) =>
      [0, 8, 16].flatMap((offset, i) =>
        slice(`${study}/sax_${i}`, offset + 4 * s, {
          patientId: 'P7',
          seriesUid: `1.7.${study}${i}`,
          override: uid(`2.25.${s + 1}`),
        }),
      ),
    );
    const { images } = await labelStudies(files);
    expect(new Set(images.map(({ subject }) => subject))).toEqual(new Set(['P7']));
    expect(images.map(rounded)).toEqual([0, 0, 0.5, 0.5, 1, 1, 0, 0, 0.5, 0.5, 1, 1]);
  });
});

describe('of slices acquired again', () => {
  const stack = [0, 8, 16].flatMap((offset, i) =>
    slice(`sax_${i + 1}`, offset, { override: number('00200011', i + 1) }),
  );

  test('the latest count, beside a whole stack and in place of one, a little shifted too', async () => {
    const again = slice('sax_9', 8, { override: number('00200011', 9) });
    const { images, skipped } = await labelStudies([...again, ...stack]);
    expect(images.map(({ file }) => file)).toEqual(
      ['sax_1', 'sax_9', 'sax_3'].flatMap((name) => [0, 1].map((i) => `p/${name}/${i}.dcm`)),
    );
    expect(skipped.map(({ file, reason }) => [file, reason.code])).toEqual(
      [0, 1].map((i) => [`p/sax_2/${i}.dcm`, 'REPEATED_SLICE']),
    );
    const redo = [0.4, 8.4, 16.4].flatMap((offset, i) =>
      slice(`sax_r${i}`, offset, { seriesUid: '1.8', override: number('00200011', 20) }),
    );
    const all = await placesOf([...stack, ...redo]);
    expect(all.map(([file]) => file.split('/')[1])).toEqual(
      ['r0', 'r0', 'r1', 'r1', 'r2', 'r2'].map((n) => `sax_${n}`),
    );
  });

  test('time goes before numbers, numbers before names, and names are read as people number them', async () => {
    const early = (time: string): Entries => ({ '00080032': ['TM', time], '00080022': ['DA', '20261128'] });
    const kept = async (nine: Entries, ten: Entries): Promise<string> => {
      const files = [...slice('sax_9', 0, { override: nine }), ...slice('sax_10', 0, { override: ten })];
      return (await placesOf(files))[0]![0].split('/')[1]!;
    };
    expect(await kept({}, {})).toBe('sax_10');
    expect(await kept(number('00200011', 30), number('00200011', 29))).toBe('sax_9');
    expect(
      await kept(
        { ...early('101500'), ...number('00200011', 1) },
        { ...early('10:14:59'), ...number('00200011', 2) },
      ),
    ).toBe('sax_9');
    const after = { '00080032': ['TM', '000100'], '00080022': ['DA', '20261129'] } satisfies Entries;
    expect(await kept(early('235900'), after)).toBe('sax_10');
    expect(await kept(after, early('235900'))).toBe('sax_9');
  });

  test('one that was broken off does not count', async () => {
    const broken = slice('sax_9', 8, { override: number('00200011', 9) }, 1);
    const { images, skipped } = await labelStudies([...stack, ...broken]);
    expect(images).toHaveLength(6);
    expect(skipped.map(({ file }) => file)).toEqual(['p/sax_9/0.dcm']);
  });
});

describe('frames of reference', () => {
  const reference = (rest: Rest = {}): FileSource =>
    imageFile('p/2ch/0.dcm', longAxisPlane(0.3), { seriesUid: '1.5', ...rest });
  const stackIn = (
    frame: (slice: number, phase: number) => string,
    seriesOf = (_: number) => '1.8',
  ): FileSource[] =>
    [0, 8, 16].flatMap((offset, s) =>
      [0, 1].map((i) =>
        imageFile(`p/sax_${s}/${i}.dcm`, shortAxisPlane(offset), {
          seriesUid: seriesOf(s),
          instanceNumber: 2 * s + i,
          triggerTimeMs: i,
          frameOfReferenceUid: frame(s, i),
          override: uid('2.25.9'),
        }),
      ),
    );

  test('that differ in every file of a series say nothing: one stack, lines, and one notice', async () => {
    for (const seriesOf of [() => '1.8', (s: number) => `1.8.${s}`]) {
      const files = stackIn((s, i) => `3.${s}.${i + 1}`, seriesOf);
      const own = reference({ frameOfReferenceUid: '3.77', override: uid('2.25.9') });
      const { images, notices } = await labelStudies([...files, own]);
      expect(images.map(rounded)).toEqual([0, 0, 0.5, 0.5, 1, 1]);
      expect(images.every(({ references }) => references['2-chamber']!.native !== null)).toBe(true);
      expect(notices.map(({ code }) => code)).toEqual(['SUBJECT_GUESSED', 'FRAME_OF_REFERENCE_CHANGES']);
    }
  });

  test('that are one a slice, slices evenly spaced, are one', async () => {
    expect(
      await locations(
        stackIn(
          (s) => `3.${s + 1}`,
          (s) => `1.8.${s}`,
        ),
      ),
    ).toEqual([0, 0.5, 1]);
  });

  test('missing in some files are those of the study', async () => {
    const files = [
      ...stackIn((s) => (s === 1 ? '' : '3.1')),
      reference({ frameOfReferenceUid: '3.1', override: uid('2.25.9') }),
    ];
    const { images, notices } = await labelStudies(files);
    expect(images.map(rounded)).toEqual([0, 0, 0.5, 0.5, 1, 1]);
    expect(images.every(({ references }) => references['2-chamber']!.native !== null)).toBe(true);
    expect(notices.filter(({ code }) => code !== 'SUBJECT_GUESSED')).toEqual([]);
  });

  test('that are whole and differ give no line, and the reason names both, never a single slice', async () => {
    const files = [
      ...stackIn(() => '3.1'),
      reference({ frameOfReferenceUid: '3.2', override: uid('2.25.9') }),
    ];
    const { images } = await labelStudies(files);
    expect(images[0]!.references['2-chamber']!.reason).toMatchObject({
      code: 'FRAME_OF_REFERENCE',
      message: expect.stringMatching(/FrameOfReferenceUID 3\.2, here 3\.1/),
    });
    expect(images.map(rounded)).toEqual([0, 0, 0.5, 0.5, 1, 1]);
  });

  test('leave a lone slice without location where others lie in another, and say which', async () => {
    const lone = imageFile('p/sax_9/0.dcm', shortAxisPlane(45), {
      seriesUid: '1.9',
      frameOfReferenceUid: '3.2',
      override: uid('2.25.9'),
    });
    const { images } = await labelStudies([
      ...stackIn(() => '3.1'),
      lone,
      reference({ frameOfReferenceUid: '3.1' }),
    ]);
    const own = images.find(({ file }) => file === 'p/sax_9/0.dcm')!;
    expect(own.location).toBe(null);
    expect(own.locationReason).toMatchObject({
      code: 'FRAME_OF_REFERENCE',
      message: expect.stringMatching(/FrameOfReferenceUID 3\.1, here 3\.2/),
    });
  });

  test('two whole ones in a study leave open where a plane without lies', async () => {
    const files = [
      ...stackIn(() => '3.1'),
      reference({ frameOfReferenceUid: '', override: uid('2.25.9') }),
      imageFile('p/4ch/0.dcm', longAxisPlane(1.5), {
        seriesUid: '1.6',
        frameOfReferenceUid: '3.2',
        override: uid('2.25.9'),
      }),
    ];
    const { images } = await labelStudies(files);
    const codes = Object.values(images[0]!.references).map(({ reason }) => reason?.code);
    expect(codes).toEqual(['FRAME_OF_REFERENCE', 'FRAME_OF_REFERENCE']);
  });
});

describe('stacks of one view beside one another', () => {
  const told = async (files: FileSource[]) =>
    (await labelStudies(files)).notices
      .filter(({ code }) => code === 'STACKS_APART')
      .map(({ message }) => message);
  const stack = (offsets: readonly number[], rest: Rest = {}, name = 'sax') =>
    offsets.flatMap((offset) => slice(`${name}_${offset}`, offset, rest));

  test('are told of, for locations count in each, where slices are missing or a part is turned', async () => {
    const gap = stack([0, 8, 16, 56, 64, 72]);
    expect(await told(gap)).toEqual([
      expect.stringMatching(
        /^The short-axis slices of 1 subject .* of 3 and 3 slices in .*from 0 to 1 in each/,
      ),
    ]);
    const turned = [24, 32, 40].flatMap((offset, i) =>
      imageFile(
        `p/sax_t${i}/0.dcm`,
        shortAxisPlane(offset, { columnDirection: [-0.0314015737, 0.8240248868, -0.5656827089] }),
        {
          seriesUid: `1.7.t${i}`,
        },
      ),
    );
    expect(await told([...stack([0, 8, 16]), ...turned])).toHaveLength(1);
  });

  test('are not where they are one stack, the same part again, or another view', async () => {
    expect(await told(stack([0, 8, 16, 32, 40]))).toEqual([]);
    expect(
      await told([...stack([0, 8, 16]), ...stack([0, 8, 16], { frameOfReferenceUid: '9.9' }, 'sax_b')]),
    ).toEqual([]);
    expect(await told([...stack([0, 8, 16]), imageFile('p/2ch/0.dcm', longAxisPlane(0.3))])).toEqual([]);
  });
});
