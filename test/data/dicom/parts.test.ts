/** @file Files that are not quite Part 10: read as if they were, or refused by name; never anything else. */

import fc from 'fast-check';
import { deflateSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { PlanewiseError } from '../../../src/base/errors.ts';
import { isDicom, wholeFile } from '../../../src/data/dicom/encoding.ts';
import { parseHeader, readHeaders } from '../../../src/data/dicom/frames.ts';
import { readPixels } from '../../../src/data/dicom/pixels.ts';
import { scanFiles } from '../../../src/data/scan.ts';
import {
  concat,
  type Entries,
  memoryFile,
  shortAxisPlane,
  type Writing,
  writeDicom,
  writeElements,
} from '../dicom-writer.ts';

const plane = shortAxisPlane(8);
const implicitLittle = '1.2.840.10008.1.2';
const explicitLittle = '1.2.840.10008.1.2.1';
const deflated = '1.2.840.10008.1.2.1.99';
const bigEndian = '1.2.840.10008.1.2.2';

const written = (syntax: string, writing: Writing = {}, override: Entries = {}): Uint8Array =>
  writeDicom(
    { plane, instanceNumber: 3, override: { '00080060': ['CS', 'MR'], ...override } },
    syntax,
    writing,
  );

/** What every such file must give. */
async function expectRead(bytes: Uint8Array): Promise<void> {
  const header = parseHeader(bytes, 'a.dcm');
  header.plane.position.forEach((v, i) => {
    expect(v).toBeCloseTo(plane.position[i]!, 9);
  });
  expect(header).toMatchObject({
    patientId: 'patient',
    seriesUid: '1.2.1',
    instanceNumber: 3,
    modality: 'MR',
  });
  const { values } = await readPixels(bytes, 'a.dcm');
  expect([values[0], values[1], values[1919]]).toEqual([0, 1, 1919]);
}

const encodings: [string, string, Writing][] = [
  ['explicit little endian', explicitLittle, {}],
  ['implicit little endian', implicitLittle, { explicit: false }],
  ['explicit big endian', bigEndian, { littleEndian: false }],
];

describe.each(encodings)('%s', (_, syntax, writing) => {
  test('is read with preamble and meta information, without either, without both', async () => {
    await expectRead(written(syntax, writing));
    await expectRead(written(syntax, { ...writing, preamble: false }));
    await expectRead(written(syntax, { ...writing, meta: {} }));
    await expectRead(written(syntax, { ...writing, preamble: false, meta: {} }));
  });

  test('is read whatever the meta information claims, or where it claims nothing', async () => {
    for (const claimed of [explicitLittle, implicitLittle, bigEndian, deflated])
      await expectRead(written(claimed, writing));
    await expectRead(written(syntax, { ...writing, meta: { '00020003': ['UI', '1.2.3.4'] } }));
    await expectRead(written(syntax, { ...writing, meta: { '00020010': ['UI', ''] } }));
  });

  test.each([
    ['a zero', [0]],
    ['100 zeros', new Array(100).fill(0)],
    ['a line feed', [10]],
    ['text', [...'exported by hand'].map((c) => c.charCodeAt(0))],
    ['ones', new Array(33).fill(255)],
    ['trailing padding', [0xfc, 0xff, 0xfc, 0xff, 0x4f, 0x42, 0, 0, 2, 0, 0, 0, 0, 0]],
  ])('is read with %s behind the last element', async (_name, tail) => {
    await expectRead(concat([written(syntax, writing), Uint8Array.from(tail as number[])]));
  });
});

test('a deflated data set is read, also with bytes behind it', async () => {
  const whole = written(explicitLittle, { preamble: false, meta: {} });
  const start = written(deflated).subarray(0, 128 + 4 + 12 + 8 + deflated.length);
  await expectRead(concat([start, deflateSync(whole)]));
  await expectRead(concat([start, deflateSync(whole), new Uint8Array(2)]));
});

test('group 0002 in implicit VR is read', async () => {
  const meta = Uint8Array.of(2, 0, 0x10, 0, 20, 0, 0, 0);
  const body = written(explicitLittle, { preamble: false, meta: {} });
  const syntax = new TextEncoder().encode(`${explicitLittle}\0`);
  const marker = new TextEncoder().encode('DICM');
  await expectRead(concat([new Uint8Array(128), marker, meta, syntax, body]));
});

describe('elements that a reader need not know', () => {
  test.each([
    ['OV', { '00091010': ['OV', new Uint8Array(16)] }],
    ['SV', { '00091010': ['SV', new Uint8Array(8)] }],
    ['UV', { '00091010': ['UV', new Uint8Array(8)] }],
    ['UC', { '00091010': ['UC', 'words'] }],
    ['UN', { '00091010': ['UN', new Uint8Array(70)] }],
    ['group lengths', { '00080000': ['UL', new Uint8Array(4)], '00200000': ['UL', new Uint8Array(4)] }],
    [
      'sequences in sequences',
      { '00081140': ['SQ', [{ '00081140': ['SQ', [{ '00081150': ['UI', '1.2'] }]] }]] },
    ],
  ] satisfies [string, Entries][])(
    '%s are passed over, with lengths and with delimiters',
    async (_, extra) => {
      await expectRead(written(explicitLittle, {}, extra));
      await expectRead(written(explicitLittle, { delimited: true }, extra));
      await expectRead(written(implicitLittle, { explicit: false, delimited: true }, extra));
    },
  );

  test.each(['', '\0\0', '  ', '??'])('an element whose VR is "%s" is passed over', async (vr) => {
    const marked = written(explicitLittle, {}, { '00091001': ['LO', 'made'] });
    const at = marked.findIndex((_, i) => marked[i] === 9 && marked[i + 2] === 1 && marked[i + 3] === 0x10);
    const length = vr === '' ? [4, 0, 0, 0] : [vr.charCodeAt(0), vr.charCodeAt(1), 4, 0];
    marked.set(length, at + 4);
    await expectRead(marked);
  });

  const item: Entries = { '00081150': ['UI', '1.2'] };
  test.each([
    ['a sequence', { '00091001': ['', [item]] }],
    ['a sequence of nothing', { '00091001': ['', []] }],
    ['a sequence in a sequence', { '00081140': ['SQ', [{ '00091001': ['', [item]] }]] }],
    [
      'elements in a row',
      { '00091001': ['', 'A'.repeat(300)], '00091002': ['', 'made'], '00091003': ['', ''] },
    ],
    [
      'the last elements of an item',
      { '00081140': ['SQ', [{ '00091001': ['', 'made'], '00091002': ['', 'by hand'] }]] },
    ],
  ] satisfies [string, Entries][])(
    '%s without VR are passed over, with lengths and with delimiters',
    async (_, extra) => {
      await expectRead(written(explicitLittle, {}, extra));
      await expectRead(written(explicitLittle, { delimited: true }, extra));
      await expectRead(written(bigEndian, { littleEndian: false, delimited: true }, extra));
    },
  );

  test('a sequence of unknown representation and undefined length is in implicit VR', async () => {
    const inner = written('', { explicit: false, preamble: false, meta: {} }).subarray(0, 18);
    const mark = (tag: number, length: number): Uint8Array => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setUint32(0, tag, true);
      new DataView(bytes.buffer).setUint32(4, length, true);
      return bytes;
    };
    const items = concat([mark(0xe000fffe, inner.length), inner, mark(0xe0ddfffe, 0)]);
    const bytes = written(explicitLittle, {}, { '00091010': ['UN', items] });
    const at = bytes.findIndex((_, i) => bytes[i] === 9 && bytes[i + 2] === 0x10 && bytes[i + 3] === 0x10);
    bytes.fill(255, at + 8, at + 12);
    await expectRead(bytes);
  });
});

describe('a file without marker', () => {
  const begins = (...tags: string[]): boolean =>
    encodings.every(([, , how]) =>
      isDicom(wholeFile(concat(tags.map((tag) => writeElements({ [tag]: ['LO', 'made'] }, how))))),
    );

  test('is DICOM where its first elements identify it, their tags ascending, and not by chance', () => {
    expect(begins('00080018', '0020000e', '7fe00000')).toBe(true);
    expect(begins('00100020')).toBe(true);
    for (const other of [
      ['00180015', '00180020', '00180021'],
      ['00110000', '00180020', '00180021'],
      ['00010000', '00080018', '0020000e'],
      ['00080018', '00080018', '0020000e'],
      ['00100020', '00080018', '0020000e'],
    ])
      expect([...other, begins(...other)]).toEqual([...other, false]);
  });
});

describe('numbers', () => {
  test('that are not needed may be anything; those that are may have a comma, spaces, an exponent', async () => {
    for (const text of ['', 'n/a', '12,5 mm', 'NaN']) {
      const extra: Entries = { '00181060': ['DS', text], '00200011': ['IS', text], '00201041': ['DS', text] };
      const header = parseHeader(written(explicitLittle, {}, extra), 'a.dcm');
      expect([header.triggerTimeMs, header.seriesNumber]).toEqual([null, null]);
    }
    const decimals = plane.position.map((v) => ` ${String(v * 10).replace('.', ',')}e-1 `).join('\\');
    await expectRead(written(explicitLittle, {}, { '00200032': ['DS', decimals] }));
  });

  test('in hexadecimal, words or other bases are none', () => {
    for (const text of ['0x10\\1\\2', '1\\2\\Infinity', '1\\2\\3mm'])
      expect(() => parseHeader(written(explicitLittle, {}, { '00200032': ['DS', text] }), 'a.dcm')).toThrow(
        /^a\.dcm: ImagePositionPatient \(0020,0032\) holds/,
      );
  });
});

describe('damage', () => {
  const samples = [
    ...encodings.map(([, syntax, writing]) => written(syntax, writing)),
    written(explicitLittle, { delimited: true }, { '00081140': ['SQ', [{ '00081150': ['UI', '1.2'] }]] }),
    written(implicitLittle, { explicit: false, preamble: false, meta: {} }),
  ];

  test('of any bytes, and any truncation, gives a header or an error that names the file', async () => {
    const sample = fc.constantFrom(...samples);
    const change = fc.record({ at: fc.nat(), to: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(sample, fc.array(change, { maxLength: 6 }), fc.nat(), async (bytes, changes, cut) => {
        const bad = bytes.slice(0, cut % 2 === 0 ? bytes.length : cut % bytes.length);
        for (const { at, to } of changes) bad[at % Math.min(bad.length, 700)] = to;
        try {
          readHeaders(bad, 'bad.dcm');
          await readPixels(bad, 'bad.dcm');
        } catch (error) {
          expect(error).toBeInstanceOf(PlanewiseError);
          expect((error as Error).message).toMatch(/^bad\.dcm: /);
        }
      }),
      { numRuns: 1500 },
    );
  });

  test('is told of by the scan, and a whole file is read alike from its start and from all of it', async () => {
    const bytes = written(explicitLittle, {}, { '00091010': ['OB', new Uint8Array(20_000)] });
    const start = async (length: number) => ({ bytes: bytes.subarray(0, length), size: bytes.length });
    const files = ['a', 'b', 'c'].map((name) => ({ ...memoryFile(`${name}.dcm`, bytes), start }));
    const cut = { ...memoryFile('cut.dcm', bytes.subarray(0, 300)), start: undefined };
    const { images, skipped } = await scanFiles([files[0]!, memoryFile('notes', new Uint8Array(900)), cut]);
    expect(JSON.parse(JSON.stringify(images[0]!.header))).toEqual(
      JSON.parse(JSON.stringify(parseHeader(bytes, 'a.dcm'))),
    );
    expect(skipped.map(({ file, reason }) => [file, reason.code])).toEqual([['cut.dcm', 'FILE']]);
  });
});
