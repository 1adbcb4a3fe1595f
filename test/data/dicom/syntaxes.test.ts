import { deflateSync } from 'fflate';
import { expect, it } from 'vitest';
import { decodeFrame, isCompressed, transferSyntaxName } from '../../../src/data/dicom/codecs.ts';

const uid = (tail: string): string => `1.2.840.10008.1.2.${tail}`;

it('plain and deflated samples in fragments are taken as they are', async () => {
  const shape = { rows: 2, columns: 3, bitsAllocated: 16 };
  const bytes = Uint8Array.from({ length: 12 }, (_, i) => 7 * i);
  for (const [stream, syntax] of [
    [bytes, uid('1.98')],
    [bytes, uid('1')],
    [deflateSync(bytes), uid('8.1')],
  ] as const) {
    expect(await decodeFrame(stream, syntax, shape)).toEqual({ bytes, bytesPerSample: 2 });
    await expect(decodeFrame(stream.subarray(0, 6), syntax, shape)).rejects.toThrow(
      /cut short|before its image is full/,
    );
  }
});

it('transfer syntaxes have names', () => {
  expect(transferSyntaxName(uid('4.80'))).toBe('JPEG-LS Lossless (1.2.840.10008.1.2.4.80)');
  expect(transferSyntaxName('1.2.840.10008.1.2')).toBe('Implicit VR Little Endian (1.2.840.10008.1.2)');
  expect(transferSyntaxName(uid('4.203'))).toMatch(/^High-Throughput JPEG 2000 \(/);
  expect(transferSyntaxName(uid('4.102.1'))).toMatch(/^MPEG-4 AVC/);
  expect(transferSyntaxName('1.2.3')).toBe('1.2.3');
  expect(transferSyntaxName('')).toBe('an unnamed transfer syntax');
  expect(['4.50', '4.63', '4.70', '4.201', '5', '4.100', '4.102.1'].map(uid).every(isCompressed)).toBe(true);
  expect([uid('1'), uid('1.99'), uid('2'), '1.2.840.10008.1.2', '1.2.3'].some(isCompressed)).toBe(false);
});
