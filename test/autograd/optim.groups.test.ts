import { describe, expect, it } from 'vitest';
import { ParameterArena } from '../../src/autograd/arena.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import type { OptimizerSettings, ParameterGroup } from '../../src/autograd/optimSettings.ts';
import { LossScaler } from '../../src/autograd/scaler.ts';
import { capture } from '../../src/autograd/step.ts';
import { expectClose, poisoned } from '../check.ts';
import { useDevice } from '../device.ts';
import { type GoldenCase, goldenCases } from '../goldens.ts';

const device = useDevice();
const cases = await goldenCases('optimGroups');

const PREFIX = 'bias ';

/** A case's settings: those of all and those of the group of biases. */
function settingsOf({ op, attrs }: GoldenCase, match: ParameterGroup['match']) {
  const { learningRate, ...rest } = attrs;
  const entries = Object.entries(rest);
  const own = Object.fromEntries(entries.filter(([name]) => !name.startsWith(PREFIX)));
  const group = Object.fromEntries(
    entries
      .filter(([name]) => name.startsWith(PREFIX))
      .map(([name, value]) => [name.slice(PREFIX.length), value]),
  );
  const settings = { kind: op, ...own, groups: [{ match, ...group }] } as unknown as OptimizerSettings;
  return { learningRate: learningRate as number, settings };
}

const namesIn = ({ outputs }: GoldenCase): string[] => Object.keys(outputs);

function arenaOf(one: GoldenCase): Promise<ParameterArena> {
  const entries = namesIn(one).map((name) => {
    const { shape, data } = one.inputs[name]!;
    return { name, shape, values: data };
  });
  return poisoned(device(), () => new ParameterArena(device(), entries));
}

/** The arena after each step of a case, by parameter. */
async function trajectory(one: GoldenCase, match: ParameterGroup['match'], scaled = false) {
  const arena = await arenaOf(one);
  const scale = scaled ? 1024 : 1;
  const scaler = scaled ? new LossScaler(device(), { initialScale: scale }) : undefined;
  const { learningRate, settings } = settingsOf(one, match);
  const optimizer = await poisoned(device(), () => new Optimizer(arena, settings, scaler));
  const steps = Object.values(one.outputs)[0]!.shape[0]!;
  const path: Record<string, Float32Array>[] = [];
  for (let t = 0; t < steps; t++) {
    for (const [name, parameter] of arena.parameters) {
      const gradients = one.inputs[`gradient ${name}`]!.data;
      const own = gradients.subarray(t * parameter.size, (t + 1) * parameter.size);
      parameter.gradSlot!.write(Array.from(own, (g) => g * scale));
      parameter.grad = parameter.gradSlot;
    }
    optimizer.prepare(t + 1, learningRate);
    await poisoned(device(), () => optimizer.apply());
    const read = [...arena.parameters].map(
      async ([name, p]) => [name, (await p.read()) as Float32Array] as const,
    );
    path.push(Object.fromEntries(await Promise.all(read)));
  }
  for (const owner of [optimizer, scaler, arena]) owner?.dispose();
  return path;
}

describe('parameter groups', () => {
  for (const one of cases) {
    const { settings } = settingsOf(one, 'x');
    const { groups, ...own } = settings;
    const shown = `${Object.values(own).join(' ')}, biases ${JSON.stringify({ ...groups![0], match: undefined })}`;
    it(`${shown.replaceAll(',', ' ')}: follows PyTorch, by pattern, names and test to the same bits`, async () => {
      const path = await trajectory(one, /\.bias$/);
      for (const [t, parameters] of path.entries()) {
        for (const [name, got] of Object.entries(parameters)) {
          const want = one.outputs[name]!.data.subarray(t * got.length, (t + 1) * got.length);
          expectClose(got, want, 1e-6, `${name} after step ${t + 1}`);
        }
      }
      // neither flag makes a pattern remember where it was
      expect(await trajectory(one, /.*\.bias$/gy)).toEqual(path);
      expect(await trajectory(one, ['a.bias', 'b.bias'])).toEqual(path);
      expect(await trajectory(one, (name, parameter) => name.endsWith('bias') && parameter.size < 9)).toEqual(
        path,
      );
    });

    it(`${shown.replaceAll(',', ' ')}: steps alike with a scaler`, async () => {
      const [plain, scaled] = [await trajectory(one, /\.bias$/), await trajectory(one, /\.bias$/, true)];
      for (const [name, want] of Object.entries(plain.at(-1)!))
        expectClose(scaled.at(-1)![name]!, want, 1e-6, name);
    });
  }

  it('are a launch for each run of neighbours; without groups, and with one of all, it is one', async () => {
    const labels = async (settings: Partial<OptimizerSettings>): Promise<string[]> => {
      const arena = await arenaOf(cases[0]!);
      const optimizer = new Optimizer(arena, { kind: 'adam', ...settings } as OptimizerSettings);
      using step = await capture(device(), () => {
        for (const parameter of arena.parameters.values()) parameter.grad = parameter.gradSlot;
        optimizer.apply();
        return {};
      });
      const found = step.labels.filter((label) => label === 'adam');
      for (const owner of [optimizer, arena]) owner.dispose();
      return found;
    };
    expect(await labels({})).toHaveLength(1);
    expect(await labels({ groups: [] })).toHaveLength(1);
    expect(await labels({ groups: [{ match: /./, weightDecay: 0.1 }] })).toHaveLength(1);
    expect(await labels({ groups: [{ match: /^a/, weightDecay: 0.1 }] })).toHaveLength(2);
    expect(await labels({ groups: [{ match: /bias/, weightDecay: 0.1 }] })).toHaveLength(4);
  });

  it.each([false, true])(
    'that begin late step as in their own first steps (with a scaler: %s)',
    async (scaled) => {
      const [late, steps] = [300, 3];
      const gradients = [0.5, -2, 0.25, 3, -1];
      /** Values after `steps` steps with gradients, the first of them step `first`. */
      const run = async (first: number, settings: Partial<ParameterGroup>): Promise<number[]> => {
        const entries = ['a', 'b'].map((name) => ({ name, shape: [5], values: [1, 2, 3, 4, 5] }));
        const arena = new ParameterArena(device(), entries);
        const scaler = scaled ? new LossScaler(device(), { initialScale: 1 }) : undefined;
        const optimizer = new Optimizer(
          arena,
          { kind: 'adam', groups: [{ match: 'b', ...settings }] },
          scaler,
        );
        for (let step = 1; step < first + steps; step++) {
          for (const [name, parameter] of arena.parameters) {
            parameter.gradSlot!.write(gradients.map((g) => g * step));
            parameter.grad = name === 'a' || step >= first ? parameter.gradSlot : undefined;
            if (step >= first) parameter.gradSlot!.write(gradients.map((g) => g * (step - first + 1)));
          }
          optimizer.prepare(step, 0.1);
          optimizer.apply();
        }
        const values = Array.from(await arena.parameters.get('b')!.read());
        for (const owner of [optimizer, scaler, arena]) owner?.dispose();
        return values;
      };
      const own = await run(1, {});
      expectClose(await run(late, { firstStep: late }), Float32Array.from(own), 1e-6, 'late');
      // without it the first steps are too large
      const [without] = await run(late, {});
      expect(Math.abs(without! - 1)).toBeGreaterThan(1.5 * Math.abs(own[0]! - 1));
    },
  );

  it('leave alone what no gradient reached, in a group or not', async () => {
    const entries = ['a', 'b', 'c', 'd'].map((name) => ({ name, shape: [5], values: [1, 2, 3, 4, 5] }));
    const arena = await poisoned(device(), () => new ParameterArena(device(), entries));
    const optimizer = new Optimizer(arena, {
      kind: 'sgd',
      groups: [{ match: ['b', 'c'], learningRateScale: 0.5 }],
    });
    for (const name of ['a', 'c']) {
      const parameter = arena.parameters.get(name)!;
      parameter.gradSlot!.write([1, 1, 1, 1, 1]);
      parameter.grad = parameter.gradSlot;
    }
    optimizer.prepare(1, 1);
    await poisoned(device(), () => optimizer.apply());
    const first = await Promise.all([...arena.parameters.values()].map(async (p) => (await p.read())[0]));
    expect(first).toEqual([0, 1, 0.5, 1]);
    for (const owner of [optimizer, arena]) owner.dispose();
  });
});
