/** @file Planned images as files: what they carry, that they repeat, and that they are known again. */
import { describe, expect, it } from 'vitest';
import { openDicom } from '../../../src/data/dicom/file.ts';
import { headersOf } from '../../../src/data/dicom/frames.ts';
import { readPixels } from '../../../src/data/dicom/pixels.ts';
import { encodePlanned } from '../../../src/data/dicom/planned.ts';
import { tags } from '../../../src/data/dicom/tags.ts';
import { unwanted } from '../../../src/data/study/roles.ts';
import { longAxisPlane, shortAxisPlane, writeDicom } from '../dicom-writer.ts';

const name = tags.patientId;
const source = {
  file: 'source.dcm',
  bytes: writeDicom({
    plane: shortAxisPlane(0),
    patientId: 'P7',
    override: {
      '00080005': ['CS', 'ISO_IR 100'],
      '00100010': ['PN', Uint8Array.from([0x4d, 0xfc, 0x6c, 0x6c, 0x65, 0x72])],
      '0020000d': ['UI', '1.2.3.4'],
      '00180015': ['CS', 'KNEE'],
      '00200010': ['SH', 'S1'],
      '00200060': ['CS', 'L'],
    },
  }),
};
const plane = { ...longAxisPlane(0.3), rows: 3, columns: 2 };
const image = { rows: 3, columns: 2, values: Float32Array.from([0, 50, 100, -20, 25, 75]) };
const planned = { plane, image, frameOfReferenceUid: '1.9.8', description: 'planned 2-chamber' };

describe('encodePlanned', () => {
  it('carries plane, patient, study and frame of reference, and pixels scaled to 12 bits', async () => {
    const bytes = encodePlanned(planned, source);
    const { data, sopClass } = openDicom(bytes, 'planned.dcm');
    const [header] = headersOf(openDicom(bytes, 'planned.dcm'));
    expect(sopClass).toBe('1.2.840.10008.5.1.4.1.1.4');
    for (const key of ['position', 'rowDirection', 'columnDirection'] as const)
      expect(header!.plane[key]).toEqual(plane[key].map((v) => expect.closeTo(v, 5)));
    expect(header).toMatchObject({
      ...{ patientId: 'P7', studyUid: '1.2.3.4', frameOfReferenceUid: '1.9.8' },
      imageType: ['DERIVED', 'SECONDARY', 'PLANNED'],
      seriesDescription: 'planned 2-chamber',
    });
    expect(data.text({ id: 0x00100010, name: 'PatientName', vr: 'PN' })).toBe('Müller');
    expect(data.text({ id: 0x00200010, name: 'StudyID', vr: 'SH' })).toBe('S1');
    expect(data.text(name)).toBe('P7');
    expect(data.text({ id: 0x00180015, name: 'BodyPartExamined', vr: 'CS' })).toBe('KNEE');
    expect(data.text({ id: 0x00200060, name: 'Laterality', vr: 'CS' })).toBe('L');
    const { values } = await readPixels(bytes, 'planned.dcm');
    expect([...values]).toEqual([0, 2048, 4095, 0, 1024, 3071]);
  });

  it('takes over whole what is longer than it may be', () => {
    const long = `1.${'2'.repeat(70)}`;
    const override = { '0020000d': ['UI', long] as const, '00200010': ['SH', 'S'.repeat(30)] as const };
    const bytes = writeDicom({ plane: shortAxisPlane(0), override });
    const planned = { plane, image, frameOfReferenceUid: `${long}.1`, description: 'planned 2-chamber' };
    const made = openDicom(encodePlanned(planned, { file: 'source.dcm', bytes }), 'planned.dcm');
    expect(headersOf(made)[0]).toMatchObject({ studyUid: long, frameOfReferenceUid: `${long}.1` });
    expect(made.data.text({ id: 0x00200010, name: 'StudyID', vr: 'SH' })).toBe('S'.repeat(30));
  });

  it('is the same for the same plan, and of other identifiers for another', () => {
    const uidsOf = (bytes: Uint8Array) => {
      const [{ seriesUid, sopInstanceUid }] = headersOf(openDicom(bytes, 'x')) as [never];
      return [seriesUid, sopInstanceUid] as string[];
    };
    const bytes = encodePlanned(planned, source);
    expect(encodePlanned(planned, source)).toEqual(bytes);
    const [series, instance] = uidsOf(bytes);
    expect(series).toMatch(/^2\.25\.\d{1,39}$/);
    expect(series).not.toBe(instance);
    const moved = { ...plane, position: [1, 2, 3] as const };
    for (const other of [
      { ...planned, plane: moved },
      { ...planned, description: 'planned 4-chamber' },
      { ...planned, image: { ...image, values: new Float32Array(6) } },
    ])
      expect(uidsOf(encodePlanned(other, source))).not.toContain(series);
  });

  it('stays an image of zeros where there is nothing to show', async () => {
    const empty = { ...planned, image: { ...image, values: new Float32Array(6) } };
    expect([...(await readPixels(encodePlanned(empty, source), 'x')).values]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('is never taken for an image of its view', () => {
    const [header] = headersOf(openDicom(encodePlanned(planned, source), 'x'));
    const own = { source: { path: '2ch/x', read: async () => new Uint8Array() }, header: header! };
    expect(unwanted([own]).get(own)?.code).toBe('PLANNED');
  });
});
