/** @file Labels move with their images by their kind. */
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/errors.ts';
import { augmentLine, drawAugmentation } from '../../src/data/augmentation.ts';
import { field } from '../../src/data/field.ts';
import type { Line } from '../../src/data/types.ts';
import { moved } from '../../src/tasks/moves.ts';
import { tensor } from '../../src/tensor/create.ts';
import { expectClose } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();
const size = 33;
const options = { rotationDeg: 40, scale: [0.8, 1.2], shiftPx: 5, flipX: true } as const;
const matrices = [0, 1, 2].map((counter) => drawAugmentation(4, counter, options, size).matrix);
const onDevice = () => tensor(device(), matrices.flat(), [3, 6]);

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

  it('of a kind that cannot be moved are refused by name', () => {
    const values = tensor(device(), new Array(27).fill(0), [3, 3, 3, 1]);
    const mask = tensor(device(), [1, 1, 1], [3, 1]);
    for (const kind of ['mask', 'image'] as const) {
      const move = () => moved(field('organs', { kind, shape: [3, 3, 1] }), values, mask, onDevice());
      expect(move).toThrow(ConfigError);
      expect(move).toThrow(new RegExp(`organs.*${kind}`));
    }
  });
});
