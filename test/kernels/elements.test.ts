import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ShapeError } from '../../src/base/errors.ts';
import { fromHalfBits, toHalfBits } from '../../src/base/half.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { checkOp, expectClose, type Host, poisoned, random } from '../check.ts';
import { useDevice } from '../device.ts';
import { checkGolden } from '../golden-op.ts';
import { goldenCases } from '../goldens.ts';

const device = useDevice();

interface Case {
  op(x: Tensor): Tensor;
  f(x: number): number;
  /** Of the numbers it is checked on, −3 and 3 by default. */
  readonly low?: number;
  readonly high?: number;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Φ by Simpson's rule. */
function normalCdf(x: number): number {
  const steps = 400;
  const h = x / steps;
  const density = (t: number) => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(0) + density(x);
  for (let i = 1; i < steps; i++) sum += density(i * h) * (i % 2 ? 4 : 2);
  return 0.5 + (sum * h) / 3;
}

const inner = (x: number) => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);

const functions: Record<string, Case> = {
  leakyRelu: { op: (x) => ops.leakyRelu(x, 0.2), f: (x) => (x > 0 ? x : 0.2 * x) },
  elu: { op: (x) => ops.elu(x, 1.5), f: (x) => (x > 0 ? x : 1.5 * Math.expm1(x)) },
  silu: { op: ops.silu, f: (x) => x * sigmoid(x) },
  gelu: { op: ops.gelu, f: (x) => x * normalCdf(x) },
  geluTanh: {
    op: (x) => ops.gelu(x, { approximate: 'tanh' }),
    f: (x) => 0.5 * x * (1 + Math.tanh(inner(x))),
  },
  softplus: { op: ops.softplus, f: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) },
  negate: { op: ops.negate, f: (x) => -x },
  reciprocal: { op: ops.reciprocal, f: (x) => 1 / x, low: 0.2 },
  rsqrt: { op: ops.rsqrt, f: (x) => 1 / Math.sqrt(x), low: 0.2 },
  sign: { op: ops.sign, f: Math.sign },
  floor: { op: ops.floor, f: Math.floor },
  ceil: { op: ops.ceil, f: Math.ceil },
  round: { op: ops.round, f: Math.round },
  sin: { op: ops.sin, f: Math.sin, low: -50, high: 50 },
  cos: { op: ops.cos, f: Math.cos, low: -50, high: 50 },
  cube: { op: (x) => ops.pow(x, 3), f: (x) => x ** 3 },
  root: { op: (x) => ops.pow(x, 0.3), f: (x) => x ** 0.3, low: 0.2 },
  clamp: { op: (x) => ops.clamp(x, { min: -0.7, max: 1.1 }), f: (x) => Math.min(Math.max(x, -0.7), 1.1) },
};

const map = (x: Host, f: (v: number) => number): Host => ({ shape: x.shape, data: x.data.map(f) });
const shapes = [[1], [2, 3, 5, 7], [1, 4, 4, 16], [0, 3]];

describe('functions of one tensor', () => {
  for (const [name, { op, f, low = -3, high = 3 }] of Object.entries(functions)) {
    it(`${name} and its gradient match f64 over awkward shapes`, async () => {
      for (const shape of shapes) {
        const inputs = [random(shape, 3, low, high)];
        await checkOp(device(), { inputs, forward: op, reference: (x) => map(x, f), epsilon: 2 ** -18 });
      }
    });
  }

  const named: Record<string, (x: Tensor) => Tensor> = {
    ...(ops as unknown as Record<string, (x: Tensor) => Tensor>),
    geluTanh: (x) => ops.gelu(x, { approximate: 'tanh' }),
  };

  it('equal torch, forward and gradient, of NaN, infinities, zeros and numbers outside the domain too', async () => {
    const cases = await goldenCases('elements');
    for (const one of cases) {
      const { exponent, ...bounds } = one.attrs as { exponent?: number; min?: number; max?: number };
      const forward = ({ x }: Readonly<Record<string, Tensor>>) =>
        one.op === 'pow'
          ? ops.pow(x!, exponent!)
          : one.op === 'clamp'
            ? ops.clamp(x!, bounds)
            : named[one.op]!(x!);
      await checkGolden(device(), one, forward, 5e-6);
    }
  });

  it('round takes halves to the even number', async () => {
    const x = tensor(device(), [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999997, 8388609], [8]);
    expect([...(await ops.round(x).read())].map((v) => v + 0)).toEqual([0, 2, 2, 0, -2, -2, 0, 8388609]);
  });

  it('softplus, gelu and elu keep what is small, and sin what is left of many turns', async () => {
    const near = async (y: Tensor, wanted: number) =>
      expect(Math.abs((await y.item()) / wanted - 1)).toBeLessThan(4e-6);
    const of = (value: number) => tensor(device(), [value], [1]);
    await near(ops.softplus(of(-20)), Math.log1p(Math.exp(-20)));
    await near(ops.elu(of(-1e-6)), Math.expm1(Math.fround(-1e-6)));
    await near(ops.gelu(of(-4)), -4 * 3.167124183311986e-5);
    await near(ops.sin(of(50000.25)), Math.sin(50000.25));
    await near(ops.cos(of(-98765)), Math.cos(98765));
  });
});

describe('f16 of functions of one tensor', () => {
  it('is the f32 result rounded once, beyond its range infinite; else the error says to cast', async () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, -2, -0.25, 0, 0.3, 1, 7, 300, 60000];
    const halves = values.map((v) => fromHalfBits(toHalfBits(v)));
    const x = tensor(device(), values, [10], 'f16');
    if (!device().caps.f16) {
      expect(() => ops.silu(x)).toThrow(
        "silu: x has dtype f16, which this device only stores. Use cast(x, 'f32')",
      );
      return;
    }
    const wide = tensor(device(), halves, [10]);
    const twice = [
      ops.square,
      ops.silu,
      ops.gelu,
      ops.softplus,
      (v: Tensor) => ops.affine(v, 2, 1),
      ops.relu,
    ];
    for (const f of [...twice, (v: Tensor) => ops.pow(v, 3), ops.exp, ops.tanh, ops.sigmoid]) {
      const expected = Array.from(await f(wide).read(), (v) => fromHalfBits(toHalfBits(v)));
      const found = await f(x).read();
      for (const [i, v] of expected.entries()) {
        if (Number.isFinite(v)) expect(Math.abs(found[i]! - v)).toBeLessThanOrEqual(2 ** -10 * Math.abs(v));
        else expect(found[i]).toBe(v);
      }
    }
  });

  it('has gradients in f16', async () => {
    if (!device().caps.f16) return;
    const x = tensor(device(), [Number.NaN, -1, 2], [3], 'f16');
    x.requiresGrad = true;
    using tape = new Tape();
    tape.backward(ops.relu(x), tensor(device(), [1, 2, 3], [3], 'f16'));
    expect([...(await x.grad!.read())]).toEqual([1, 0, 3]);
    x.grad!.dispose();
  });
});

describe('functions of whole numbers', () => {
  it('are exact, and those of floats only are refused', async () => {
    const x = tensor(device(), [-7, 0, 2147483647, -2147483648, 5], [5], 'i32');
    expect([...(await ops.abs(x).read())]).toEqual([7, 0, 2147483647, -2147483648, 5]);
    expect([...(await ops.negate(x).read())]).toEqual([7, 0, -2147483647, -2147483648, -5]);
    expect([...(await ops.sign(x).read())]).toEqual([-1, 0, 1, -1, 1]);
    expect([...(await ops.relu(x).read())]).toEqual([0, 0, 2147483647, 0, 5]);
    expect([...(await ops.clamp(x, { min: -3 }).read())]).toEqual([-3, 0, 2147483647, -3, 5]);
    const u = tensor(device(), [0, 4294967295, 3], [3], 'u32');
    expect([...(await ops.square(u).read())]).toEqual([0, 1, 9]);
    expect([...(await ops.clamp(u, { max: 3000000000 }).read())]).toEqual([0, 3000000000, 3]);
    expect(() => ops.exp(x)).toThrow("exp: x has dtype i32. Use cast(x, 'f32')");
    expect(() => ops.negate(u)).toThrow('negate: x has dtype u32');
    expect(() => ops.clamp(x, { min: 0.5 })).toThrow('clamp: min is 0.5, beside a tensor of i32');
  });
});

describe('functions of one tensor, as called', () => {
  it('run in a captured step', async () => {
    const x = tensor(device(), [-1, 2, 3], [3]);
    x.requiresGrad = true;
    const step = await capture(device(), () => {
      using tape = new Tape();
      const y = ops.pow(ops.clamp(ops.leakyRelu(x, 0.5), { max: 2.5 }), 2);
      tape.backward(ops.sum(y));
      return { y, g: x.grad! };
    });
    for (const sign of [1, -1]) {
      x.write([-1 * sign, 2 * sign, 3 * sign]);
      step.run();
      expect([...(await step.outputs.y.read())]).toEqual(sign > 0 ? [0.25, 4, 6.25] : [1, 1, 2.25]);
      expect([...(await step.outputs.g.read())]).toEqual(sign > 0 ? [-0.5, 4, 0] : [2, -1, -1.5]);
    }
    step.dispose();
    x.grad?.dispose();
  });

  it('name the call, the argument and what is wrong', () => {
    const x = zeros(device(), [2]);
    const wrong: [() => unknown, string][] = [
      [() => ops.relu(1 as never), 'relu: x is 1'],
      [() => ops.affine(x, '2' as never), "affine: alpha is '2'"],
      [() => ops.affine(x, 2, null as never), 'affine: beta is null'],
      [() => ops.leakyRelu(x, {} as never), 'leakyRelu: slope is an object'],
      [() => ops.gelu(x, { approximate: 'erf' as never }), "gelu: approximate is 'erf'"],
      [() => ops.gelu(x, { exact: true } as never), 'gelu: option exact is unknown'],
      [() => ops.clamp(x, {}), 'clamp: options have neither min nor max'],
      [() => ops.clamp(x, { min: Number.NaN }), 'clamp: min is NaN'],
      [() => ops.pow(x, 'x' as never), "pow: exponent is 'x'"],
      [() => ops.pow(zeros(device(), [2], 'i32'), 2), 'pow: x has dtype i32'],
      [
        () => ops.cast(x, 'float32' as never),
        "cast: dtype is 'float32'. Use one of f32, f16, i32, u32, bool",
      ],
      [() => ops.logicalNot(x), 'logicalNot: x has dtype f32'],
      [() => ops.isNaN(zeros(device(), [2], 'i32')), 'isNaN: x has dtype i32'],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(message);
    }
  });

  it('launch nothing on nothing and give nothing', async () => {
    const x = zeros(device(), [0, 4]);
    x.requiresGrad = true;
    await poisoned(device(), async () => {
      using tape = new Tape();
      const y = ops.round(ops.negate(ops.gelu(x)));
      expect([...(await y.read())]).toEqual([]);
      tape.backward(y, zeros(device(), [0, 4]));
    });
    expectClose(await x.grad!.read(), [], 0, 'gradient');
    x.grad!.dispose();
  });
});
