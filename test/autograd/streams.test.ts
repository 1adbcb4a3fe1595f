import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { nextStream, recordStreams, replayStreams } from '../../src/autograd/streams.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { GradientError } from '../../src/base/errors.ts';
import { filled, tensor } from '../../src/tensor/create.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { useDevice } from '../device.ts';

const device = useDevice();
const FIRST = 2 ** 31;
const counter = (seed = 7, step = 1) => tensor(device(), [seed, step], [2], 'u32');
const ones = () => filled(device(), 1, [256]);

/** The bits of `count` dropouts, one after another, each as text. */
async function masks(random: Tensor, count: number, stream?: number): Promise<string[]> {
  const found: string[] = [];
  for (let i = 0; i < count; i++)
    found.push((await ops.dropout(ones(), random, { p: 0.5, stream }).read()).join());
  return found;
}

describe('automatic streams', () => {
  it('give the dropouts of one step masks of their own, the same for the same step', async () => {
    const random = counter();
    const first = await masks(random, 4);
    expect(new Set(first).size).toBe(4);
    random.write([7, 2]);
    const second = await masks(random, 4);
    expect(new Set([...first, ...second]).size).toBe(8);
    random.write([7, 1]);
    expect(await masks(random, 4)).toEqual(first);
    expect(await masks(counter(), 4)).toEqual(first);
  });

  it('count from 2³¹, beyond those that are named', async () => {
    const random = counter();
    expect(nextStream(random)).toBe(FIRST);
    const [second] = await masks(random, 1);
    expect(await masks(random, 1, FIRST + 1)).toEqual([second]);
    expect(nextStream(random)).toBe(FIRST + 2);
    const named = await masks(random, 2, 0);
    expect(named[0]).toBe(named[1]);
    expect(named[0]).not.toBe(second);
  });

  it('count for each counter, through all its views, until that one is written', () => {
    const [a, b] = [counter(), counter()];
    expect([nextStream(a), nextStream(a.view()), nextStream(b)]).toEqual([FIRST, FIRST + 1, FIRST]);
    b.write([1, 1]);
    expect([nextStream(a), nextStream(b)]).toEqual([FIRST + 2, FIRST]);
    const both = tensor(device(), new Array(128).fill(3), [128], 'u32');
    const [low, high] = [0, 256].map((offset) => {
      const spec = { shape: [2], dtype: 'u32' } as const;
      return new Tensor(device(), both.storage.retain(), spec, 'part', offset);
    });
    expect([nextStream(low!), nextStream(high!)]).toEqual([FIRST, FIRST]);
    high!.write([4, 4]);
    expect([nextStream(low!), nextStream(high!)]).toEqual([FIRST + 1, FIRST]);
  });

  it('count anew in each captured step, so that one recorded twice is the same program', async () => {
    const random = counter();
    const x = ones();
    const draw = () => ({
      a: ops.dropout(x, random, { p: 0.5 }),
      b: ops.dropout(x, random, { p: 0.5 }),
    });
    const [first, second] = await masks(random, 3);
    for (let times = 0; times < 2; times++) {
      using step = await capture(device(), draw);
      step.run();
      expect((await step.outputs.a.read()).join()).toBe(first);
      expect((await step.outputs.b.read()).join()).toBe(second);
    }
    expect(nextStream(random)).toBe(FIRST + 3);
  });

  it('give the gradient the mask of the output', async () => {
    const random = counter();
    const x = ones();
    x.requiresGrad = true;
    using tape = new Tape();
    ops.dropout(x, random, { p: 0.5 });
    const y = ops.dropout(x, random, { p: 0.5 });
    tape.backward(ops.sum(y));
    expect(await x.grad!.read()).toEqual(await y.read());
    x.grad!.dispose();
  });
});

describe('streams drawn again', () => {
  it('are those that were recorded, and no others count', () => {
    const [a, b] = [counter(), counter()];
    nextStream(a);
    const action = () => [nextStream(a), nextStream(b), nextStream(a)];
    const { result, streams } = recordStreams(action);
    expect(result).toEqual([FIRST + 1, FIRST, FIRST + 2]);
    expect(streams).toEqual(result);
    expect(replayStreams(streams, action)).toEqual(result);
    expect([nextStream(a), nextStream(b)]).toEqual([FIRST + 3, FIRST + 1]);
  });

  it('are recorded and drawn again within one another', () => {
    const a = counter();
    const inner: (readonly number[])[] = [];
    const action = () => {
      const before = nextStream(a);
      const { result, streams } = recordStreams(() => nextStream(a));
      inner.push(streams);
      return [before, result, nextStream(a)];
    };
    const { result, streams } = recordStreams(action);
    expect(streams).toEqual(result);
    expect(replayStreams(streams, action)).toEqual(result);
    expect(inner[0]).toEqual([FIRST + 1]);
    expect(inner[1]).toEqual(inner[0]);
    expect(replayStreams(inner[1]!, () => nextStream(a))).toBe(FIRST + 1);
  });

  it('are refused where the second run draws more than the first, and leave nothing behind', () => {
    const a = counter();
    const { streams } = recordStreams(() => nextStream(a));
    const twice = () => [nextStream(a), nextStream(a)];
    expect(() => replayStreams(streams, twice)).toThrow(GradientError);
    expect(() => recordStreams(() => expect.fail('stop'))).toThrow('stop');
    expect(nextStream(a)).toBe(FIRST + 1);
  });
});
