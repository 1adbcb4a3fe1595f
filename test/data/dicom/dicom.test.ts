/** @file DICOM headers and pixels against files written by pydicom, GDCM and dcmjs, and against hostile files. */

import dcmjs from 'dcmjs';
import { describe, expect, test } from 'vitest';
import { DicomError, FileError } from '../../../src/base/errors.ts';
import { parseHeader } from '../../../src/data/dicom/frames.ts';
import { readPixels } from '../../../src/data/dicom/pixels.ts';
import goldens from '../../goldens/data.json' with { type: 'json' };
import { shortAxisPlane, writeDicom } from '../dicom-writer.ts';

const decode = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

describe('pixels', () => {
  test.each(goldens.dicoms)(
    'of a file in $name match pydicom',
    async ({ name, dicom, values, tolerance }) => {
      const image = await readPixels(decode(dicom), name);
      expect([image.rows, image.columns]).toEqual([18, 22]);
      const worst = Math.max(...values.map((v, i) => Math.abs(v - image.values[i]!)));
      expect(image.values).toHaveLength(values.length);
      expect(worst).toBeLessThanOrEqual(tolerance);
    },
  );

  test('of a truncated or damaged file in each compressed syntax are an error that names the file', async () => {
    const compressed = goldens.dicoms.filter(({ name }) => /RLE|JPEG/.test(name));
    for (const { name, dicom } of compressed) {
      const bytes = decode(dicom);
      await expect(readPixels(bytes.subarray(0, bytes.length - 120), name)).rejects.toThrow(`${name}: `);
      const stream = Buffer.from(bytes).lastIndexOf(Buffer.from([0xfe, 0xff, 0x00, 0xe0])) + 8;
      const damaged = bytes.slice().fill(0, stream, stream + 40);
      await expect(readPixels(damaged, name), name).rejects.toThrow(/PixelData.*cannot be decoded as/);
    }
  });

  test('in a syntax without decoder name it', async () => {
    const bytes = writeDicom(
      { plane: shortAxisPlane(0), pixels: new Int16Array(9) },
      '1.2.840.10008.1.2.4.102',
    );
    await expect(readPixels(bytes, 'a.dcm')).rejects.toThrow(
      /a\.dcm: PixelData \(7fe0,0010\) cannot be decoded as MPEG-4 .*\(1\.2\.840\.10008\.1\.2\.4\.102\)/,
    );
  });

  test('shorter than the header says are refused', async () => {
    const bytes = writeDicom({ plane: shortAxisPlane(0), pixels: new Int16Array(100) });
    await expect(readPixels(bytes, 'short.dcm')).rejects.toThrow(
      /PixelData \(7fe0,0010\) holds 200 bytes of 3840/,
    );
  });
});

describe('header', () => {
  test('of a pydicom file holds position, identity and UTF-8 text', () => {
    const header = parseHeader(decode(goldens.dicoms[0]!.dicom), 'x.dcm');
    expect(header.plane.position).toEqual([-104.915, -86.6639, 120.239]);
    expect(header.plane.spacingMm).toEqual([1.32, 1.2]);
    expect(Math.hypot(...header.plane.rowDirection)).toBeCloseTo(1, 14);
    expect(header).toMatchObject({
      patientId: 'golden',
      seriesUid: '1.2.3.2',
      seriesDescription: 'Ciné SAX',
      frameOfReferenceUid: '1.2.3.3',
      instanceNumber: 7,
      triggerTimeMs: 12.5,
    });
  });

  test('of a dcmjs file is read the same', async () => {
    const plane = shortAxisPlane(8);
    const dictionary = {
      _meta: {
        FileMetaInformationVersion: new Uint8Array([0, 1]).buffer,
        TransferSyntaxUID: '1.2.840.10008.1.2.1',
        MediaStorageSOPClassUID: '1.2.840.10008.5.1.4.1.1.4',
        MediaStorageSOPInstanceUID: '1.2',
        ImplementationClassUID: '1.2.3',
      },
      _vrMap: { PixelData: 'OW' },
      SOPInstanceUID: '1.2',
      PatientID: 'dcmjs',
      ImagePositionPatient: plane.position,
      ImageOrientationPatient: [...plane.rowDirection, ...plane.columnDirection],
      PixelSpacing: plane.spacingMm,
      Rows: 2,
      Columns: 2,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsAllocated: 16,
      BitsStored: 16,
      HighBit: 15,
      PixelRepresentation: 0,
      PixelData: new Uint16Array([1, 2, 3, 40000]).buffer,
    };
    const bytes = new Uint8Array(dcmjs.data.datasetToDict(dictionary).write());
    const header = parseHeader(bytes, 'dcmjs.dcm');
    expect(header.patientId).toBe('dcmjs');
    for (const axis of [0, 1, 2] as const)
      expect(header.plane.position[axis]).toBeCloseTo(plane.position[axis], 9);
    expect([...(await readPixels(bytes, 'dcmjs.dcm')).values]).toEqual([1, 2, 3, 40000]);
  });

  test('is refused for a text file named .dcm and for every truncation', () => {
    const text = new TextEncoder().encode('patient,slice\n'.repeat(40));
    expect(() => parseHeader(text, 'notes.dcm')).toThrow(/^notes\.dcm: is not a DICOM file/);
    expect(() => parseHeader(new Uint8Array(0), 'empty.dcm')).toThrow(FileError);
    const whole = writeDicom({ plane: shortAxisPlane(0) });
    for (let end = 0; end < whole.length; end += end < 700 ? 1 : 37)
      expect(() => parseHeader(whole.subarray(0, end), 'cut.dcm'), `cut at ${end}`).toThrow(/^cut\.dcm: /);
  });

  test.each([
    ['00200032', null, /ImagePositionPatient \(0020,0032\) is missing/],
    ['00200032', ['DS', '1\\2'], /ImagePositionPatient \(0020,0032\) holds 2 numbers instead of 3/],
    [
      '00200032',
      ['DS', '1\\nan\\3'],
      /ImagePositionPatient \(0020,0032\) holds "1\\nan\\3", which is not all finite/,
    ],
    ['00200032', ['DS', '1\\1e999\\3'], /not all finite numbers/],
    ['00200037', null, /ImageOrientationPatient \(0020,0037\) is missing/],
    [
      '00200037',
      ['DS', '1\\0\\0\\0.1\\1\\0'],
      /ImageOrientationPatient \(0020,0037\) is .*perpendicular unit/,
    ],
    ['00280030', ['DS', '0\\1.2'], /PixelSpacing \(0028,0030\) is \[0, 1\.2\] mm/],
    ['00280030', null, /PixelSpacing \(0028,0030\) is missing/],
    ['00280010', ['US', 0], /Rows \(0028,0010\) is 0/],
    ['00280011', null, /Columns \(0028,0011\) is missing/],
    ['00280100', ['US', 12], /BitsAllocated \(0028,0100\) is 12/],
    ['00280101', ['US', 17], /BitsStored \(0028,0101\) is 17 of 16/],
    ['00280004', ['CS', 'RGB'], /PhotometricInterpretation \(0028,0004\) is RGB/],
    ['00280008', ['IS', '30'], /NumberOfFrames \(0028,0008\) is 30.*Multi-frame/],
    ['00281053', ['DS', '0'], /RescaleSlope \(0028,1053\) is 0/],
    ['00283000', ['SQ', [{ '00283004': ['LO', 'US'] }]], /ModalityLUTSequence \(0028,3000\) .*a table/],
  ] as const)('names file and tag when %s is %j', (tag, value, message) => {
    const bytes = writeDicom({ plane: shortAxisPlane(0), override: { [tag]: value } });
    expect(() => parseHeader(bytes, 'study/bad.dcm')).toThrow(DicomError);
    expect(() => parseHeader(bytes, 'study/bad.dcm')).toThrow(message);
    expect(() => parseHeader(bytes, 'study/bad.dcm')).toThrow(/^study\/bad\.dcm: /);
  });
});
