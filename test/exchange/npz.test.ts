/** @file .npz and .npy beside what numpy writes; every broken, foreign or hostile file is a FileError that names its entry. */
import { readFile } from 'node:fs/promises';
import { strToU8, unzipSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { FileError } from '../../src/base/errors.ts';
import { decodeNpy, encodeNpy } from '../../src/exchange/npy.ts';
import { decodeNpz, encodeNpz } from '../../src/exchange/npz.ts';
import { decodeState } from '../../src/exchange/statefile.ts';
import type { StateDict } from '../../src/models/state.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import { weightsChecksum } from '../../src/train/init.ts';

const golden = async (name: string): Promise<Uint8Array> =>
  new Uint8Array(await readFile(new URL(`../goldens/${name}`, import.meta.url)));

const eighths = Array.from({ length: 24 }, (_, i) => (i - 11) / 8);

/** A .npy of this header and so many bytes. */
function npy(header: string, data: number, version = 1): Uint8Array {
  const text = strToU8(header);
  const bytes = new Uint8Array(10 + text.length + data);
  bytes.set([0x93, ...strToU8('NUMPY'), version, 0, text.length & 255, text.length >> 8]);
  bytes.set(text, 10);
  return bytes;
}

describe('.npz', () => {
  it.each(['kinds', 'packed'])(
    'reads every type, order and byte order that numpy writes: %s',
    async (name) => {
      const state = await decodeNpz(await golden(`exchange/${name}.npz`), name);
      expect(state.size).toBe(22);
      for (const [entry, { shape, values, integer }] of state) {
        if (entry === 'one') expect([shape, [...values]]).toEqual([[], [1.5]]);
        else if (entry === 'none') expect([shape, values.length]).toEqual([[0, 3], 0]);
        else {
          const whole = /^[iu]/.test(entry);
          expect([entry, shape, integer]).toEqual([entry, [2, 3, 4], whole]);
          expect([...values]).toEqual(whole ? eighths.map((_, i) => i) : eighths);
        }
      }
    },
  );

  it('is a state dict of PyTorch’s as its safetensors are, and as numpy reads it back', async () => {
    const { state } = decodeWeights(await golden('unet/final.safetensors'), 'final');
    const numpy = await golden('exchange/unet.npz');
    const told = (one: StateDict) =>
      [...one].map(([name, { shape, integer }]) => [name, shape, integer]).sort();
    for (const bytes of [numpy, encodeNpz(state)]) {
      const read = await decodeNpz(bytes, 'unet');
      expect(told(read)).toEqual(told(state));
      expect(weightsChecksum(read)).toBe(weightsChecksum(state));
    }
    const own = encodeNpz(state);
    expect(Buffer.compare(encodeNpz(state), own)).toBe(0);
    // arrays byte by byte as numpy has them
    const [written, theirs] = [unzipSync(own), unzipSync(numpy)];
    expect(Object.keys(written).sort()).toEqual(Object.keys(theirs).sort());
    for (const [entry, bytes] of Object.entries(theirs))
      expect(Buffer.compare(written[entry]!, bytes), entry).toBe(0);
  });

  it('refuses what could run code or is no number, naming file and entry', async () => {
    const refusals: [string, RegExp][] = [
      ['exchange/objects.npz', /^objects\.npz\/bad\.npy: is an array of Python objects/],
      ['exchange/strings.npz', /^strings\.npz\/names\.npy: has elements of type <U2/],
      ['exchange/scalar.npy', /^scalar\.npy: is one array \(\.npy\), which has no name/],
    ];
    for (const [path, message] of refusals) {
      const failed = decodeState(await golden(path), path.split('/').at(-1)!);
      await expect(failed).rejects.toThrow(FileError);
      await expect(failed).rejects.toThrow(message);
    }
  });

  it('refuses archives that are cut short, hold other files, or are PyTorch’s pickles', async () => {
    const whole = await golden('exchange/kinds.npz');
    for (const length of [2, 100, whole.length - 30, whole.length - 1]) {
      const failed = decodeState(whole.slice(0, length), 'cut.npz');
      await expect(failed, `${length}`).rejects.toThrow(FileError);
      await expect(failed, `${length}`).rejects.toThrow(/^cut\.npz/);
    }
    const bent = whole.slice();
    bent[200]! ^= 0xff;
    await expect(decodeState(bent, 'bent.npz')).rejects.toThrow(/^bent\.npz\/.*\.npy: is damaged/);
    const other = zipSync({ 'notes.txt': strToU8('hello') });
    await expect(decodeState(other, 'a.npz')).rejects.toThrow(/^a\.npz\/notes\.txt: is no \.npy array/);
    const pickle = zipSync({ 'archive/data.pkl': strToU8('x') });
    await expect(decodeState(pickle, 'a.pth')).rejects.toThrow(/^a\.pth: is a pickle of PyTorch.*save_file/);
    const inner = zipSync({ 'w.npy': strToU8('hello world, no array') });
    await expect(decodeState(inner, 'a.npz')).rejects.toThrow(/^a\.npz\/w\.npy: is no \.npy array/);
  });
});

describe('.npy', () => {
  const fields = "'fortran_order': False, 'shape': (2,), ";
  const broken: [string, Uint8Array, RegExp][] = [
    ['another type', npy(`{'descr': '<c8', ${fields}}`, 16), /elements of type <c8/],
    ['a record', npy(`{'descr': [('a', '<f4')], ${fields}}`, 8), /elements of type \[/],
    ['truth values', npy(`{'descr': '|b1', ${fields}}`, 2), /elements of type \|b1/],
    ['no type', npy(`{${fields}}`, 8), /header without a type/],
    ['no order', npy("{'descr': '<f4', 'shape': (2,), }", 8), /without fortran_order/],
    ['another order', npy("{'descr': '<f4', 'fortran_order': 3, 'shape': (2,)}", 8), /without fortran_order/],
    ['no shape', npy("{'descr': '<f4', 'fortran_order': False, 'shape': -2}", 8), /without a shape/],
    ['fewer bytes', npy(`{'descr': '<f4', ${fields}}`, 7), /has 7 bytes of data, not the 8 of \(2\) of <f4/],
    ['more bytes', npy(`{'descr': '<f4', ${fields}}`, 9), /has 9 bytes/],
    ['another version', npy(`{'descr': '<f4', ${fields}}`, 8, 4), /version 4/],
    [
      'the beginning of one',
      npy(`{'descr': '<f4', ${fields}}`, 0).slice(0, 8),
      /breaks off within its header/,
    ],
    ['half a header', npy(`{'descr': '<f4', ${fields}}`, 0).slice(0, 30), /breaks off within its header/],
    [
      'a huge shape',
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999999)}", 8),
      /not the/,
    ],
  ];

  it.each(broken)('refuses %s', (_, bytes, message) => {
    expect(() => decodeNpy(bytes, 'a.npz/w.npy')).toThrow(FileError);
    expect(() => decodeNpy(bytes, 'a.npz/w.npy')).toThrow(message);
    expect(() => decodeNpy(bytes, 'a.npz/w.npy')).toThrow(/^a\.npz\/w\.npy: /);
  });

  it('refuses doubles that float32 cannot hold, and keeps infinities and NaN', () => {
    const of = (value: number) => {
      const bytes = npy("{'descr': '<f8', 'fortran_order': False, 'shape': ()}", 8);
      new DataView(bytes.buffer).setFloat64(bytes.length - 8, value, true);
      return bytes;
    };
    expect(() => decodeNpy(of(1e300), 'w')).toThrow(/holds 1e\+300, which float32 cannot/);
    for (const value of [Number.NaN, Infinity, -0]) expect(decodeNpy(of(value), 'w').values[0]).toBe(value);
  });

  it('keeps counts whole', () => {
    const weight = { shape: [], values: Float32Array.of(12345), integer: true };
    expect(decodeNpy(encodeNpy(weight), 'w')).toEqual(weight);
  });
});
