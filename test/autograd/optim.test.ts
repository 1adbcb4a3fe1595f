import { describe, expect, it } from 'vitest';
import { type ArenaEntry, ParameterArena } from '../../src/autograd/arena.ts';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import type { OptimizerSettings } from '../../src/autograd/optimSettings.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ConfigError } from '../../src/base/errors.ts';
import { tensor } from '../../src/tensor/create.ts';
import { expectClose, poisoned } from '../check.ts';
import { useDevice } from '../device.ts';
import { describeCase, type GoldenCase, goldenCases } from '../goldens.ts';

const device = useDevice();
const cases = await goldenCases('optim');

/** Disposed by the test that asks for it. */
function arenaOf(entries: readonly ArenaEntry[]): Promise<ParameterArena> {
  return poisoned(device(), () => new ParameterArena(device(), entries));
}

function give(arena: ParameterArena, name: string, gradient: ArrayLike<number>): void {
  const parameter = arena.parameters.get(name)!;
  parameter.gradSlot!.write(gradient);
  parameter.grad = parameter.gradSlot;
}

/** The parameter after each step of a golden case. */
async function trajectory(one: GoldenCase, captured: boolean): Promise<Float32Array[]> {
  const { parameter, gradients } = one.inputs;
  const arena = await arenaOf([{ name: 'p', shape: parameter!.shape, values: parameter!.data }]);
  const { learningRate, ...attrs } = one.attrs;
  const settings = { kind: one.op, ...attrs } as unknown as OptimizerSettings;
  const optimizer = await poisoned(device(), () => new Optimizer(arena, settings));
  const [steps, size] = gradients!.shape as [number, number];
  give(arena, 'p', new Float32Array(size));
  const apply = () => {
    optimizer.apply();
    return {};
  };
  const step = captured ? await capture(device(), apply) : undefined;
  const path: Float32Array[] = [];
  for (let t = 0; t < steps; t++) {
    give(arena, 'p', gradients!.data.subarray(t * size, (t + 1) * size));
    optimizer.prepare(t + 1, learningRate as number);
    if (step) step.run();
    else apply();
    path.push((await arena.parameters.get('p')!.read()) as Float32Array);
  }
  for (const owner of [step, optimizer, arena]) owner?.dispose();
  return path;
}

describe('optimizer', () => {
  for (const one of cases.filter(({ op }) => op !== 'clipGradientNorm')) {
    it(`${describeCase(one)} follows PyTorch, eagerly and captured to the same bits`, async () => {
      const path = await trajectory(one, false);
      const expected = one.outputs.parameters!.data;
      for (const [t, got] of path.entries()) {
        const want = expected.subarray(t * got.length, (t + 1) * got.length);
        expectClose(got, want, 1e-6, `step ${t + 1}`);
      }
      expect(await trajectory(one, true)).toEqual(path);
    });
  }

  for (const one of cases.filter(({ op }) => op === 'clipGradientNorm')) {
    it(`${describeCase(one)} clips by the norm of all gradients together`, async () => {
      const entries = Object.entries(one.inputs).map(([name, { shape }]) => ({ name, shape }));
      const arena = await arenaOf(entries);
      const maxGradientNorm = one.attrs.maxNorm as number;
      const optimizer = new Optimizer(arena, { kind: 'sgd', maxGradientNorm });
      optimizer.prepare(1, 1);
      // whatever lies in the padding right behind a gradient must not count
      arena.gradients.write(Float32Array.from({ length: arena.gradients.size }, (_, i) => spill(entries, i)));
      for (const [name, { data }] of Object.entries(one.inputs)) give(arena, name, data);
      await poisoned(device(), () => optimizer.apply());
      const norm = one.outputs.norm!.data[0]!;
      expectClose(
        await optimizer.gradientNorm.read(),
        [norm, Math.min(1, maxGradientNorm / (norm + 1e-6))],
        1e-6,
        'norm',
      );
      const expected = entries.flatMap(({ name }) => pad([...one.outputs[name]!.data]));
      const stepped = (await arena.values.read()).map((p) => -p);
      expectClose(stepped, expected, 1e-6, 'clipped gradients and padding');
      optimizer.dispose();
      arena.dispose();
    });
  }

  it('takes the norm of more gradients than its sums have places for', async () => {
    const gradient = Float32Array.from({ length: 70_000 }, (_, i) => (i % 7) - 2);
    const arena = await arenaOf([{ name: 'many', shape: [gradient.length] }]);
    const optimizer = new Optimizer(arena, { kind: 'sgd', maxGradientNorm: 1 });
    optimizer.prepare(1, 1);
    give(arena, 'many', gradient);
    await poisoned(device(), () => optimizer.apply());
    const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
    expectClose(await optimizer.gradientNorm.read(), [norm, 1 / norm], 1e-6, 'norm');
    optimizer.dispose();
    arena.dispose();
  });

  it('leaves alone what no gradient reached, and never uses a gradient of the step before', async () => {
    const values = [1, 2, 3, 4, 5];
    const arena = await arenaOf(['a', 'frozen', 'b'].map((name) => ({ name, shape: [5], values })));
    const optimizer = new Optimizer(arena, { kind: 'adamw', weightDecay: 0.1 });
    for (const name of ['a', 'frozen', 'b']) give(arena, name, [1, 1, 1, 1, 1]);
    arena.zeroGrad();
    const x = tensor(device(), values, [5]);
    using tape = new Tape();
    const y = ops.add(ops.multiply(arena.parameters.get('a')!, x), arena.parameters.get('b')!);
    tape.backward(y, tensor(device(), values, [5]));
    optimizer.prepare(1, 0.1);
    optimizer.apply();
    expect([...(await arena.parameters.get('frozen')!.read())]).toEqual(values);
    expect([...(await arena.gradients.read())].slice(0, 192)).toEqual([
      ...pad([1, 4, 9, 16, 25]),
      ...pad([0]),
      ...pad(values),
    ]);
    expectClose(
      await arena.parameters.get('a')!.read(),
      values.map((p) => 0.99 * p - 0.1),
      1e-6,
      'a',
    );
    optimizer.dispose();
    arena.dispose();
  });

  it('resumes from its state to the same bits', async () => {
    const run = async (resume: boolean) => {
      const arena = await arenaOf([{ name: 'p', shape: [3], values: [1, -2, 3] }]);
      let optimizer = new Optimizer(arena, { kind: 'adam' });
      for (let t = 1; t <= 4; t++) {
        give(arena, 'p', [t, -1, 1 / t]);
        optimizer.prepare(t, 0.01);
        optimizer.apply();
        if (resume) {
          const saved = await Promise.all(
            [...optimizer.state()].map(async ([name, at]) => [name, await at.read()] as const),
          );
          optimizer.dispose();
          optimizer = new Optimizer(arena, { kind: 'adam' });
          for (const [name, moment] of saved) optimizer.state().get(name)!.write(moment);
        }
      }
      const result = await arena.values.read();
      optimizer.dispose();
      arena.dispose();
      return result;
    };
    expect(await run(true)).toEqual(await run(false));
  });

  it('refuses settings out of range and a step 0', async () => {
    const arena = await arenaOf([{ name: 'p', shape: [1] }]);
    const refused: OptimizerSettings[] = [
      { kind: 'adam', beta2: 1 },
      { kind: 'sgd', nesterov: true },
      { kind: 'sgd', l1: -1 },
    ];
    for (const settings of refused) expect(() => new Optimizer(arena, settings)).toThrow(ConfigError);
    const optimizer = new Optimizer(arena, { kind: 'adam' });
    expect(() => optimizer.prepare(0, 0.1)).toThrow(ConfigError);
    optimizer.dispose();
    arena.dispose();
  });
});

/** Values followed by an arena's padding. */
const pad = (values: readonly number[]): number[] => [...values, ...new Array(64 - values.length).fill(0)];

/** NaN where a kernel that writes whole vec4s may spill behind a parameter, else 0. */
function spill(entries: readonly ArenaEntry[], index: number): number {
  const { shape } = entries[Math.floor(index / 64)] ?? { shape: [0] };
  const size = shape.reduce((a, b) => a * b, 1);
  const at = index % 64;
  return at >= size && at < Math.ceil(size / 4) * 4 ? Number.NaN : 0;
}
