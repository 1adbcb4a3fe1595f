/** @file Labels move with their images by their kind. */
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/base/errors.ts';
import { identityAffine } from '../../src/data/affine.ts';
import { augmentLine, drawAugmentation } from '../../src/data/augmentation.ts';
import { field, type Kind } from '../../src/data/field.ts';
import type { Affine, Line } from '../../src/data/types.ts';
import { moved } from '../../src/tasks/moves.ts';
import { tensor } from '../../src/tensor/create.ts';
import { expectClose } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();
const size = 33;
const options = { rotationDeg: 40, scale: [0.8, 1.2], shiftPx: 5, flipX: true } as const;
const matrices = [0, 1, 2].map((counter) => drawAugmentation(4, counter, options, size).matrix);
const onDevice = () => ({ matrices: tensor(device(), matrices.flat(), [3, 6]), displacement: null });

describe('moved labels', () => {
  it('of lines lie where the pixels do that they ran through', async () => {
    const lines = [0, 1, 2, 3, 4, 5].map((i): Line => [Math.cos(i), Math.sin(i), 3 * i - 20]);
    const values = tensor(device(), lines.flat(), [3, 2, 3]);
    const mask = tensor(device(), new Array(6).fill(1), [3, 2]);
    const out = moved(field('lines', { kind: 'lines', shape: [2, 3], labels: 2 }), values, mask, onDevice());
    const expected = lines.map((line, i) => augmentLine(line, matrices[Math.floor(i / 2)]!));
    expectClose(await out.read(), expected.flat(), 1e-5, 'lines');
  });

  it('of numbers stay as they are', async () => {
    const values = tensor(device(), [0.25, 0.5, 1], [3, 1]);
    const mask = tensor(device(), [1, 1, 1], [3, 1]);
    expect(moved(field('value', { kind: 'value', shape: [1] }), values, mask, onDevice())).toBe(values);
  });

  /** How far outside a disc off the centre each pixel of the moved images reads, in float64. */
  const beyond = ([m0, m1, m2, m3, m4, m5]: Affine) =>
    Array.from({ length: size * size }, (_, i) => {
      const [x, y] = [i % size, Math.floor(i / size)];
      return Math.hypot(m0 * x + m1 * y + m2 - 20, m3 * x + m4 * y + m5 - 13) - 8;
    });
  const disc = beyond(identityAffine).map((distance) => Number(distance < 0));
  const three = [...disc, ...disc, ...disc];
  const known = () => tensor(device(), [1, 1, 1], [3, 1]);

  it('of masks lie where the pixels do whose class they are, all else background', async () => {
    const values = tensor(device(), three, [3, size, size], 'u32');
    const organs = field('organs', { kind: 'mask', shape: [size, size], dtype: 'u32' });
    const out = await moved(organs, values, known(), onDevice()).read();
    // the nearest pixel is half a diagonal away at most
    const sure = matrices.flatMap(beyond).map((distance) => (Math.abs(distance) > 0.708 ? distance : null));
    expect(sure.filter((distance) => distance !== null && distance < 0).length).toBeGreaterThan(300);
    const wrong = sure.filter((distance, i) => distance !== null && Number(distance < 0) !== out[i]);
    expect(wrong).toEqual([]);
  });

  it('of images keep their intensities, with channels or without', async () => {
    const gradient = Array.from({ length: size * size }, (_, i) => 3 * (i % size) - Math.floor(i / size));
    const twice = [...gradient, ...gradient, ...gradient];
    const single = tensor(device(), twice, [3, size, size]);
    const plain = moved(field('p', { kind: 'image', shape: [size, size] }), single, known(), onDevice());
    const doubled = tensor(
      device(),
      twice.flatMap((v) => [v, -v]),
      [3, size, size, 2],
    );
    const pairs = field('q', { kind: 'image', shape: [size, size, 2] });
    const both = await moved(pairs, doubled, known(), onDevice()).read();
    expect(plain.shape).toEqual([3, size, size]);
    const out = await plain.read();
    expectClose(
      both.filter((_, i) => i % 2 === 0),
      out,
      0,
      'first channel',
    );
    expectClose(
      both.filter((_, i) => i % 2 === 1),
      out.map((v) => -v),
      0,
      'second channel',
    );
    const middle = 16 * size + 16;
    const expected = matrices.map(
      ([m0, m1, m2, m3, m4, m5]) => 48 * (m0 + m1) + 3 * m2 - 16 * (m3 + m4) - m5,
    );
    expectClose(
      [0, 1, 2].map((n) => out[n * size * size + middle]!),
      expected,
      1e-5,
      'bilinear',
    );
  });

  it('that their kind cannot move are refused by the name of their field', () => {
    const refused = (kind: Kind, shape: readonly number[], dtype: 'f32' | 'u32', message: RegExp) => {
      const values = tensor(device(), new Array(3 * 27).fill(0), [3, ...shape], dtype);
      const move = () => moved(field('organs', { kind, shape, dtype }), values, known(), onDevice());
      expect(move).toThrow(ShapeError);
      expect(move).toThrow(message);
    };
    refused('mask', [3, 3, 3], 'u32', /field organs: labels .*of kind mask has shape \[size, size\]/);
    refused('mask', [9, 3], 'f32', /field organs: labels has dtype f32/);
    refused('image', [27], 'f32', /field organs: .*of kind image has shape/);
    refused('lines', [27], 'f32', /field organs: lines .*of kind lines has shape \[lines, 3\]/);
  });
});
