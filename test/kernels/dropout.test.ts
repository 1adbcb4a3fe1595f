import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { philox } from '../../src/base/random.ts';
import { filled, tensor, zeros } from '../../src/tensor/create.ts';
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

  it('gives x itself back in evaluation and for p = 0', () => {
    const x = filled(device(), 1, [4]);
    const counter = tensor(device(), [0, 0], [2], 'u32');
    expect(ops.dropout(x, counter, { p: 0.5, training: false })).toBe(x);
    expect(ops.dropout(x, counter, { p: 0 })).toBe(x);
  });

  it('drops everything for p = 1, in the gradient too', async () => {
    const x = filled(device(), 3, [65]);
    x.requiresGrad = true;
    using tape = new Tape();
    const y = ops.dropout(x, tensor(device(), [1, 2], [2], 'u32'), { p: 1 });
    tape.backward(ops.sum(y));
    const nothing = new Array(65).fill(0);
    expect([...(await y.read())]).toEqual(nothing);
    expect([...(await x.grad!.read())]).toEqual(nothing);
    x.grad!.dispose();
  });

  it('makes NaN of what is no finite number where it is dropped, and keeps it elsewhere', async () => {
    const draw = { seed: 3, step: 4, stream: 5 };
    const values = [Number.NaN, Infinity, -Infinity].flatMap((v) => new Array<number>(16).fill(v));
    const counter = tensor(device(), [draw.seed, draw.step], [2], 'u32');
    const y = await ops.dropout(tensor(device(), values, [48]), counter, { p: 0.5, stream: 5 }).read();
    expect([...y]).toEqual(values.map((v, i) => (bits(draw, i) < 2 ** 31 ? Number.NaN : v)));
  });

  it('takes no elements', async () => {
    const counter = tensor(device(), [0, 0], [2], 'u32');
    const y = ops.dropout(zeros(device(), [0, 3]), counter, { p: 0.5 });
    expect(y.shape).toEqual([0, 3]);
  });

  it('refuses numbers, options and counters that do not fit', () => {
    const x = filled(device(), 1, [4]);
    const counter = tensor(device(), [0, 0], [2], 'u32');
    // What plain JavaScript may pass.
    const any = (value: unknown) => value as never;
    const cases: [() => unknown, RegExp][] = [
      [() => ops.dropout(x, counter, { p: 1.1 }), /^dropout: p is 1.1/],
      [() => ops.dropout(x, counter, { p: Number.NaN }), /^dropout: p is NaN/],
      [() => ops.dropout(x, counter, { p: Number.NaN, training: false }), /^dropout: p is NaN/],
      [() => ops.dropout(x, counter, any(0.5)), /^dropout: options is 0.5/],
      [() => ops.dropout(x, counter, any({ p: 0.5, train: false })), /^dropout: option train is unknown/],
      [() => ops.dropout(x, counter, any({ p: 0.5, training: 'no' })), /^dropout: training is 'no'/],
      [() => ops.dropout(x, counter, { p: 0.5, stream: -1 }), /^dropout: stream is -1/],
      [() => ops.dropout(x, counter, { p: 0.5, stream: 0.5 }), /^dropout: stream is 0.5/],
      [() => ops.dropout(x, counter, { p: 0.5, stream: 2 ** 32 }), /^dropout: stream is 4294967296/],
      [() => ops.dropout(x, zeros(device(), [2]), { p: 0.5 }), /^dropout: random has dtype f32/],
      [() => ops.dropout(x, zeros(device(), [3], 'u32'), { p: 0.5 }), /^dropout: random has shape \[3\]/],
      [() => ops.dropout(x, any(undefined), { p: 0.5 }), /^dropout: random is undefined/],
      [() => ops.dropout(any([1]), counter, { p: 0.5 }), /^dropout: x is \[1\]/],
      [() => ops.dropout(zeros(device(), [4], 'i32'), counter, { p: 0.5 }), /^dropout: x has dtype i32/],
    ];
    for (const [action, message] of cases) {
      expect(action).toThrow(ShapeError);
      expect(action).toThrow(message);
    }
  });
});
