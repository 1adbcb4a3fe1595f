import { describe, expect, it } from 'vitest';
import type { ElementLossOptions } from '../../src/autograd/ops/loss.ts';
import * as ops from '../../src/autograd/ops.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, type Host, host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { type GoldenCase, goldenCases } from '../goldens.ts';

const device = useDevice();
const shapes = [[], [1], [3, 1], [0, 3], [1, 1, 1, 4], [2, 5, 7, 3], [3, 33, 31]];

interface Loss {
  call(first: Tensor, second: Tensor, options: ElementLossOptions): Tensor;
  term(first: number, second: number): number;
  /** Of the inputs' values. */
  readonly from: readonly [number, number];
  readonly second?: readonly [number, number];
}

const losses: Record<string, Loss> = {
  klDivergence: {
    call: (p, t, options) => ops.klDivergence(p, t, options as ops.KlDivergenceOptions),
    term: (p, t) => t * (Math.log(t) - p),
    from: [-4, 0],
    second: [0.05, 1],
  },
  'klDivergence from log-probabilities': {
    call: (p, t, options) => ops.klDivergence(p, t, { ...options, logTarget: true }),
    term: (p, t) => Math.exp(t) * (t - p),
    from: [-4, 0],
  },
  pairwiseLogistic: {
    call: ops.pairwiseLogistic,
    term: (p, t) => Math.log1p(Math.exp(t - p)),
    from: [-3, 3],
  },
  contrastiveMargin: {
    call: (p, t, options) => ops.contrastiveMargin(p, t, { ...options, margin: 0.8 }),
    term: (p, t) => (t * p * p + (1 - t) * Math.max(0, 0.8 - p) ** 2) / 2,
    from: [0, 2],
    second: [0, 1],
  },
};

function weighted(term: Loss['term']) {
  return (first: Host, second: Host, mask?: Host): Host => {
    let [total, weight] = [0, 0];
    first.data.forEach((p, i) => {
      const w = mask ? mask.data[i]! : 1;
      total += w * term(p, second.data[i]!);
      weight += w;
    });
    return host([], [weight > 0 ? total / weight : 0]);
  };
}

/** Name of the reduction of a golden case: the one that is an attribute. */
const reductionOf = ({ attrs }: GoldenCase) =>
  attrs.batchmean ? 'batchMean' : attrs.sum ? 'sum' : ('mean' as const);

const parameterOf = (values: readonly number[], shape = [values.length]) => {
  const x = tensor(device(), values, shape);
  x.requiresGrad = true;
  return x;
};

describe('losses of pairs', () => {
  for (const [name, { call, term, from, second = from }] of Object.entries(losses)) {
    it(`${name} and the gradients of both sides match f64 over awkward shapes, with a mask and without`, async () => {
      for (const shape of shapes) {
        const inputs = [random(shape, 1, ...from), random(shape, 2, ...second)];
        const common = { gradientOf: [0, 1], reduction: 8, epsilon: 2 ** -20 };
        const reference = weighted(term);
        await checkOp(device(), { ...common, inputs, forward: (p, t) => call(p!, t!, {}), reference });
        const mask = host(shape, random(shape, 3, 0, 1).data.map(Math.round));
        mask.data[0] = 1;
        await checkOp(device(), {
          ...common,
          inputs: [...inputs, mask],
          forward: (p, t, m) => call(p!, t!, { mask: m }),
          reference,
        });
      }
    });
  }

  const calls: Record<string, (inputs: Readonly<Record<string, Tensor>>, one: GoldenCase) => Tensor> = {
    klDivergence: ({ prediction, target }, one) =>
      ops.klDivergence(prediction!, target!, {
        logTarget: one.attrs.logTarget as boolean,
        reduction: reductionOf(one),
      }),
    pairwiseLogistic: ({ higher, lower }) => ops.pairwiseLogistic(higher!, lower!),
    contrastiveMargin: ({ distance, same }, { attrs }) =>
      ops.contrastiveMargin(distance!, same!, { margin: attrs.margin as number }),
    cosineSimilarity: ({ a, b }, { attrs }) => ops.cosineSimilarity(a!, b!, attrs),
    pairwiseDistance: ({ a, b }, { attrs }) => ops.pairwiseDistance(a!, b!, attrs),
  };
  for (const [name, call] of Object.entries(calls))
    it(`${name} equals torch`, async () => {
      for (const one of await goldenCases('pairs', name))
        await checkGolden(device(), one, (inputs) => call(inputs, one), 5e-6);
    });

  it('a target of 0 counts as the limit, and what is masked not at all, whatever lies there', async () => {
    const prediction = parameterOf([-1, Number.NaN, -2]);
    const target = tensor(device(), [0, Number.NaN, 1], [3]);
    const mask = tensor(device(), [1, 0, 1], [3]);
    await poisoned(device(), async () => {
      using tape = new Tape();
      const loss = ops.klDivergence(prediction, target, { mask, reduction: 'sum' });
      tape.backward(loss);
      expect(await loss.item()).toBe(2);
      expect([...(await prediction.grad!.read())].map((v) => v + 0)).toEqual([0, 0, -1]);
    });
    prediction.grad!.dispose();
  });

  it('NaN comes through in value and gradient', async () => {
    for (const { call } of Object.values(losses)) {
      const first = parameterOf([Number.NaN, 0.5]);
      using tape = new Tape();
      const loss = call(first, tensor(device(), [0.5, 0.5], [2]), { reduction: 'sum' });
      tape.backward(loss);
      expect(await loss.item()).toBeNaN();
      first.grad!.dispose();
    }
    const distance = parameterOf([Number.NaN, 0.5]);
    using tape = new Tape();
    tape.backward(ops.contrastiveMargin(distance, zeros(device(), [2]), { reduction: 'sum' }));
    expect([...(await distance.grad!.read())]).toEqual([Number.NaN, -0.5]);
    distance.grad!.dispose();
  });

  it('name the call, the argument and what is wrong', () => {
    const [x, y] = [zeros(device(), [2, 3]), zeros(device(), [2, 4])];
    const wrong: [() => unknown, string][] = [
      [() => ops.klDivergence(x, y), 'klDivergence: target has shape [2, 4]. [2, 3] is needed'],
      [() => ops.klDivergence(x, x, { reduction: 'none' as never }), "klDivergence: reduction is 'none'"],
      [() => ops.klDivergence(x, x, { log: true } as never), 'klDivergence: option log is unknown'],
      [() => ops.klDivergence(x, x, { logTarget: 1 as never }), 'klDivergence: logTarget is 1'],
      [() => ops.pairwiseLogistic(x, y), 'pairwiseLogistic: lower has shape [2, 4]'],
      [() => ops.pairwiseLogistic(x, 0 as never), 'pairwiseLogistic: lower is 0. A tensor is needed'],
      [() => ops.contrastiveMargin(x, x, { margin: 0 }), 'contrastiveMargin: margin is 0'],
      [() => ops.contrastiveMargin(x, zeros(device(), [2, 3], 'bool')), 'contrastiveMargin: same has dtype'],
      [() => ops.cosineSimilarity(x, y), 'cosineSimilarity'],
      [() => ops.cosineSimilarity(x, zeros(device(), [2, 1])), 'cosineSimilarity: axis is -1 of a [2, 3]'],
      [() => ops.cosineSimilarity(x, x, { axis: 2 }), 'cosineSimilarity: axis is 2'],
      [() => ops.cosineSimilarity(x, [] as never), 'cosineSimilarity: b is'],
      [() => ops.pairwiseDistance(x, x, { epsilon: -1 }), 'pairwiseDistance: epsilon is -1'],
      [() => ops.pairwiseDistance(x, null as never), 'pairwiseDistance: b is'],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(message);
    }
  });
});

describe('likeness of vectors', () => {
  const rows = (a: Host, b: Host, of: (p: Float64Array, q: Float64Array) => number): Host => {
    const width = a.shape.at(-1)!;
    const count = width === 0 ? 0 : a.data.length / width;
    const row = ({ data }: Host, i: number) => data.subarray(i * width, (i + 1) * width);
    return host(
      a.shape.slice(0, -1),
      Array.from({ length: count }, (_, i) => of(row(a, i), row(b, i))),
    );
  };
  const dot = (p: Float64Array, q: Float64Array) => p.reduce((sum, v, i) => sum + v * q[i]!, 0);

  it('cosines and distances match f64 over awkward shapes', async () => {
    for (const shape of [
      [1, 2],
      [2, 3, 5],
      [7, 64],
      [0, 3],
      [3, 1],
    ]) {
      const common = { inputs: [random(shape, 1, 0.2, 1), random(shape, 2, -1, -0.2)], reduction: 16 };
      // A cosine of single numbers has no gradient but rounding.
      const gradientOf = shape.at(-1) === 1 ? [] : [0, 1];
      await checkOp(device(), {
        ...common,
        gradientOf,
        forward: (a, b) => ops.cosineSimilarity(a!, b!),
        reference: (a, b) => rows(a!, b!, (p, q) => dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q))),
      });
      await checkOp(device(), {
        ...common,
        forward: (a, b) => ops.pairwiseDistance(a!, b!),
        reference: (a, b) =>
          rows(a!, b!, (p, q) => Math.sqrt(p.reduce((sum, v, i) => sum + (v - q[i]! + 1e-6) ** 2, 0))),
      });
    }
  });

  it('of a vector 0 the cosine is 0, and equal vectors have a finite gradient of their distance', async () => {
    const x = parameterOf([0, 0, 0], [1, 3]);
    const y = tensor(device(), [1, 2, 3], [1, 3]);
    expect(await ops.cosineSimilarity(x, y).item()).toBe(0);
    using tape = new Tape();
    tape.backward(ops.pairwiseDistance(x, ops.detach(x)));
    for (const value of await x.grad!.read()) expect(value).toBeCloseTo(1 / Math.sqrt(3), 5);
    x.grad!.dispose();
  });
});

describe('prelu', () => {
  it('and both gradients match f64 over awkward shapes, with a slope for each channel and one for all', async () => {
    for (const shape of [[1], [3, 1], [2, 3, 5, 7], [1, 4, 4, 16], [0, 3]]) {
      for (const slopes of new Set([shape.at(-1)!, 1])) {
        await checkOp(device(), {
          inputs: [random(shape, 3), random([slopes], 4)],
          forward: (x, slope) => ops.prelu(x!, slope!),
          reference: (x, slope) =>
            host(
              x!.shape,
              x!.data.map((v, i) => (v > 0 ? v : v * slope!.data[i % slopes]!)),
            ),
          reduction: 16,
        });
      }
    }
  });

  it('equals torch, of NaN, infinities and zeros too', async () => {
    for (const one of await goldenCases('prelu'))
      await checkGolden(device(), one, ({ x, slope }) => ops.prelu(x!, slope!));
  });

  it('is in f16 the f32 result rounded, where the device computes with it', async () => {
    const [x, slope] = [
      tensor(device(), [-1, -3, 2, 5], [2, 2], 'f16'),
      tensor(device(), [0.25, 0.5], [2], 'f16'),
    ];
    if (device().caps.f16) expect([...(await ops.prelu(x, slope).read())]).toEqual([-0.25, -1.5, 2, 5]);
    else expect(() => ops.prelu(x, slope)).toThrow('prelu: x has dtype f16, which this device only stores');
  });

  it('refuses slopes that do not fit', () => {
    const x = zeros(device(), [2, 3]);
    const wrong: [() => unknown, string][] = [
      [
        () => ops.prelu(x, zeros(device(), [2])),
        'prelu: slope has shape [2] for x [2, 3]. [3] or [1] is needed',
      ],
      [() => ops.prelu(x, zeros(device(), [])), 'prelu: slope has shape []'],
      [() => ops.prelu(x, 0.2 as never), 'prelu: slope is 0.2. A tensor is needed'],
      [() => ops.prelu(x, zeros(device(), [3], 'i32')), 'prelu: slope has dtype i32. f32 is needed'],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(message);
    }
  });
});
