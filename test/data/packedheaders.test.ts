import { expect, it } from 'vitest';
import { readHeaders } from '../../src/data/dicom/frames.ts';
import { bareHeader, type DicomHeader } from '../../src/data/dicom/header.ts';
import { PackedHeaders } from '../../src/data/packedheaders.ts';
import { encodeDicom, phantomSubject } from '../../src/data/phantom.ts';
import type { FileSource, ImagePlane } from '../../src/data/types.ts';

const source = (path: string): FileSource => ({ path, read: () => Promise.reject(new Error(path)) });

/** Fields that a header has. */
const fieldsOf = (header: DicomHeader) => Object.keys(header) as (keyof DicomHeader)[];

function expectAlike(packed: DicomHeader, header: DicomHeader): void {
  for (const field of fieldsOf(header)) expect(packed[field], field).toStrictEqual(header[field]);
}

it('gives back what DICOM headers say, field by field', () => {
  const packed = new PackedHeaders();
  const all = encodeDicom(phantomSubject(3, 1, { size: 16, phases: 2 })).flatMap(({ path, bytes }) =>
    readHeaders(bytes, path).map((header) => ({
      header,
      image: packed.add(source(path), header),
    })),
  );
  expect(all.length).toBeGreaterThan(20);
  for (const { header, image } of all) {
    expect(image.source.path).toBe(header.file);
    expectAlike(image.header, header);
  }
});

it('keeps zero apart from minus zero in planes, nothing from 0 in numbers, and one image from another', () => {
  const plane: ImagePlane = {
    ...{ position: [-0, 1e-300, 3], rowDirection: [1, 0, -0], columnDirection: [-0, 1, 0] },
    ...{ spacingMm: [0.7, 1.1], rows: 3, columns: 5 },
  };
  const bare = { ...bareHeader('a', plane, {}), plane };
  const moment = (seconds: number | null) => ({ date: 20260101, seconds });
  const headers: DicomHeader[] = [
    bare,
    { ...bare, fileFrame: 0, instanceNumber: 0, acquisitionNumber: 0, temporalPosition: 0, triggerTimeMs: 0 },
    { ...bare, acquired: moment(0), contentMade: moment(null), seriesMade: moment(7.25), laterality: 'L' },
    { ...bare, sopInstanceUid: '1.2', patientId: '' },
    { ...bare, sopInstanceUid: '1.3', patientId: null },
  ];
  const packed = new PackedHeaders();
  // more than are kept as they are given out
  const images = Array.from({ length: 9001 }, (_, i) => {
    const header = headers[i % headers.length]!;
    const numbered = { ...header, plane: { ...header.plane, position: [-0, 1e-300, i] as const } };
    return { numbered, image: packed.add(source('a'), numbered) };
  });
  for (let i = 0; i < images.length; i += 97) {
    const { numbered, image } = images[(i * 61) % images.length]!;
    expectAlike(image.header, numbered);
  }
});
