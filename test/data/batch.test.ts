/** @file Batches: where images and labels lie in the buffer, and what a task's row writes. */
import { describe, expect, test } from 'vitest';
import { ConfigError, ShapeError } from '../../src/base/errors.ts';
import { BatchLayout } from '../../src/data/batch.ts';
import { field } from '../../src/data/field.ts';

const sizes = { examples: 3, views: 2, size: 5 };
const pairs = field('pairs', { kind: 'lines', shape: [2, 3], labels: 2 });
const number = field('number', { kind: 'value', shape: [1] });
const classes = field('classes', { kind: 'mask', shape: [5, 5], dtype: 'u32' });
const fields = [pairs, number, classes];

describe('the layout of a batch', () => {
  const layout = new BatchLayout(sizes, fields);

  test('has sections for images, every field with its mask, and how images are moved', () => {
    expect(layout.sections.map(({ name, shape, dtype }) => [name, shape, dtype])).toEqual([
      ['images', [6, 5, 5, 1], 'f32'],
      ['pairs', [3, 2, 3], 'f32'],
      ['pairs mask', [3, 2], 'f32'],
      ['number', [3, 1], 'f32'],
      ['number mask', [3, 1], 'f32'],
      ['classes', [3, 5, 5], 'u32'],
      ['classes mask', [3, 1], 'f32'],
      ['matrices', [6, 6], 'f32'],
      ['gain and offset', [6, 2], 'f32'],
      ['blur', [6], 'f32'],
      ['noise', [6], 'f32'],
      ['noise keys', [6, 2], 'u32'],
      ['intensity', [6, 7], 'f32'],
      ['controls', [6, 7, 7, 2], 'f32'],
    ]);
    expect(layout.values(number).name).toBe('number');
    expect(layout.mask(number).name).toBe('number mask');
  });

  test('begins every section where kernels can be bound, without overlap', () => {
    let end = 0;
    for (const { name, start, size, shape } of layout.sections) {
      expect(start % 256, name).toBe(0);
      expect(start, name).toBeGreaterThanOrEqual(end);
      expect(start - end, name).toBeLessThan(256);
      expect(size).toBe(shape.reduce((product, length) => product * length, 1));
      end = start + 4 * size;
    }
    expect(layout.byteLength % 256).toBe(0);
    expect(layout.byteLength).toBeGreaterThanOrEqual(end);
    expect(layout.batch().bytes).toHaveLength(layout.byteLength);
  });
});

describe('a row of a batch', () => {
  const layout = new BatchLayout(sizes, fields);

  test('sets all values of a field, or those of one label, and marks just them as known', () => {
    const batch = layout.batch();
    batch.row(1).set(pairs, [7, 8, 9], 1);
    batch.row(2).set(pairs, [1, 2, 3, 4, 5, 6]);
    batch.row(0).set(number, [0.5]);
    expect([...batch.values(pairs)]).toEqual([
      ...[0, 0, 0, 0, 0, 0],
      ...[0, 0, 0, 7, 8, 9],
      ...[1, 2, 3, 4, 5, 6],
    ]);
    expect([...batch.mask(pairs)]).toEqual([0, 0, 0, 1, 1, 1]);
    expect([[...batch.values(number)], [...batch.mask(number)]]).toEqual([
      [0.5, 0, 0],
      [1, 0, 0],
    ]);
    expect([batch.labelCount([pairs]), batch.labelCount([number]), batch.labelCount(fields)]).toEqual([
      3, 1, 4,
    ]);
    expect(batch.images.every((value) => value === 0)).toBe(true);
  });

  test('keeps whole numbers whole', () => {
    const batch = layout.batch();
    const numbers = Array.from({ length: 25 }, (_, i) => 2 ** 31 + i);
    batch.row(1).set(classes, numbers);
    expect(batch.values(classes)).toBeInstanceOf(Uint32Array);
    expect([...batch.values(classes).subarray(25, 50)]).toEqual(numbers);
    expect([...batch.mask(classes)]).toEqual([0, 1, 0]);
  });

  test('takes nothing that would reach into another label or example, and no field of another batch', () => {
    const batch = layout.batch();
    const row = batch.row(1);
    for (const values of [[], [1, 2], [1, 2, 3, 4]])
      expect(() => row.set(pairs, values, 1), String(values)).toThrow(ShapeError);
    expect(() => row.set(pairs, [1, 2, 3])).toThrow(/Row\.set: values of pairs are 3 numbers\. 6 are needed/);
    for (const label of [-1, 2, 0.5]) expect(() => row.set(pairs, [1, 2, 3], label)).toThrow(ShapeError);
    expect(batch.labelCount(fields)).toBe(0);
    expect(batch.bytes.every((byte) => byte === 0)).toBe(true);
    const other = field('number', { kind: 'value', shape: [1] });
    for (const use of [() => row.set(other, [1]), () => batch.values(other), () => batch.mask(other)])
      expect(use).toThrow(ConfigError);
  });

  test('beyond the examples is masked, and what was written there stays', () => {
    const batch = layout.batch(1);
    for (const example of [0, 1, 2]) batch.row(example).set(number, [example + 1]);
    batch.maskFilling();
    expect([...batch.mask(number)]).toEqual([1, 0, 0]);
    expect([...batch.values(number)]).toEqual([1, 2, 3]);
  });
});

test('an image is placed with how it is moved, in the buffer that goes to the device', () => {
  const layout = new BatchLayout(sizes, fields);
  const batch = layout.batch();
  const pixels = Float32Array.from({ length: 25 }, (_, i) => i + 1);
  batch.place(4, 17, pixels, { matrix: [1, 2, 3, 4, 5, 6], gain: 0.5, offset: -1 });
  expect([...batch.indices]).toEqual([0, 0, 0, 0, 17, 0]);
  const inBuffer = ({ start, size }: { start: number; size: number }) =>
    new Float32Array(batch.bytes.buffer, start, size);
  expect(inBuffer(layout.images).subarray(100, 125)).toEqual(pixels);
  expect([...inBuffer(layout.matrices).subarray(24, 30)]).toEqual([1, 2, 3, 4, 5, 6]);
  expect([...inBuffer(layout.gainOffset).subarray(8, 10)]).toEqual([0.5, -1]);
});
