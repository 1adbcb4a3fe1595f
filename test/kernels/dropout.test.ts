import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { filled, tensor } from '../../src/tensor/create.ts';
import { ShapeError } from '../../src/tensor/errors.ts';
import { philox } from '../../src/tensor/random.ts';
import { checkOp, type Host, random } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

interface Draw {
  readonly seed: number;
  readonly step: number;
  readonly stream: number;
}

const bits = ({ seed, step, stream }: Draw, i: number) =>
  philox([i >> 2, step, 0, stream], [seed, 0])[i & 3]!;

const reference = (x: Host, p: number, draw: Draw): Host => ({
  shape: x.shape,
  data: x.data.map((v, i) => (bits(draw, i) < p * 2 ** 32 ? 0 : v / (1 - p))),
});

describe('dropout', () => {
  it('drops what the host draws, in output and gradient, over seeds, steps and streams', async () => {
    const draws = [
      { seed: 0, step: 0, stream: 0 },
      { seed: 0xffffffff, step: 123456, stream: 7 },
      { seed: 42, step: 0xfffffffe, stream: 0x80000001 },
    ];
    for (const [i, draw] of draws.entries()) {
      const counter = tensor(device(), [draw.seed, draw.step], [2], 'u32');
      const p = [0.5, 0.1, 0.9][i]!;
      await checkOp(device(), {
        inputs: [random([[3, 5], [2, 3, 7, 5], [64]][i]!)],
        forward: (x) => ops.dropout(x, counter, { p, stream: draw.stream }),
        reference: (x) => reference(x, p, draw),
      });
    }
  });

  it('draws anew at each step of a captured step', async () => {
    const x = filled(device(), 1, [400]);
    const counter = tensor(device(), [5, 0], [2], 'u32');
    const draw = () => ({ y: ops.dropout(x, counter, { p: 0.5 }) });
    using captured = await capture(device(), draw);
    const results: number[][] = [];
    for (const step of [1, 2, 1]) {
      counter.write([5, step]);
      captured.run();
      results.push([...(await captured.outputs.y.read())]);
    }
    expect(results[2]).toEqual(results[0]);
    expect(results[1]).not.toEqual(results[0]);
    const kept = results[0]!.filter((v) => v === 2).length;
    expect(Math.abs(kept - 200)).toBeLessThan(50);
  });

  it('gives x itself back in evaluation and for p = 0, and refuses p = 1', () => {
    const x = filled(device(), 1, [4]);
    const counter = tensor(device(), [0, 0], [2], 'u32');
    expect(ops.dropout(x, counter, { p: 0.5, training: false })).toBe(x);
    expect(ops.dropout(x, counter, { p: 0 })).toBe(x);
    expect(() => ops.dropout(x, counter, { p: 1 })).toThrow(ShapeError);
  });
});
