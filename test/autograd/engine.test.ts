import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import * as errors from '../../src/base/errors.ts';
import { PlanewiseError } from '../../src/base/errors.ts';
import * as engine from '../../src/core.ts';
import type { Device } from '../../src/tensor/device.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

type Call = (...given: unknown[]) => unknown;

/** Things of the wrong kind. */
const junk = (): unknown[] => [
  ...[undefined, null, 3, -1.5, Number.NaN, 'x', '', true, 5n, Symbol('s'), {}, [], [null], [[1, 2]]],
  ...[Object.create(null), () => 0, new Map(), new Date(0), new Float32Array(2), new BigInt64Array(1)],
  { unknownOption: 1 },
];

const isClass = (value: unknown): boolean => /^class\b/.test(Function.prototype.toString.call(value));

const call = (value: unknown): Call =>
  isClass(value)
    ? (...given) => new (value as new (...given: unknown[]) => unknown)(...given)
    : (value as Call);

/** Everything that the engine exports and that can be called, but for ops and errors, which have tests of their own. */
function exported(): [name: string, call: Call][] {
  const spaces = { '': engine, 'schedules.': engine.schedules, 'layers.': engine.layers, 'ops.': ops };
  return Object.entries(spaces).flatMap(([prefix, space]) =>
    Object.entries(space)
      .filter(([name, value]) => typeof value === 'function' && !(name in errors))
      .filter(
        ([name]) => prefix !== 'ops.' || ['apply', 'applyAll', 'sideBySide', 'recompute'].includes(name),
      )
      .map(([name, value]): [string, Call] => [prefix + name, call(value)]),
  );
}

/** Modes of layers, right and wrong. */
const modes = [{ training: true }, undefined, 5];

/** Goes on with what a call gave, as its caller would: layers are declared and run, schedules asked, results let go. */
async function use(result: unknown, at: Device): Promise<void> {
  const made = await result;
  if (typeof made === 'function' && !isClass(made)) {
    await attempt(() => made(1), at);
    await attempt(() => made(new engine.Declarations()), at);
  }
  const { forward, dispose } = (made ?? {}) as Record<string, unknown>;
  if (typeof forward === 'function')
    for (const x of [null, engine.zeros(at, [1, 2, 2, 2])])
      for (const mode of modes) await attempt(() => forward.call(made, x, mode), at);
  if (typeof dispose === 'function') dispose.call(made);
}

let refused = 0;

/** Makes a call; what it throws must be an error of ours. */
async function attempt(action: () => unknown, at: Device, said = ''): Promise<void> {
  try {
    await use(action(), at);
  } catch (error) {
    if (!(error instanceof PlanewiseError))
      expect.fail(`${said} threw ${(error as Error).stack?.split('\n').slice(0, 4).join('\n')}`);
    refused++;
  }
}

const show = (given: readonly unknown[]): string =>
  given
    .map((one) => (typeof one === 'object' ? Object.prototype.toString.call(one) : String(one)))
    .join(', ');

/** Arguments that would do: each is replaced by junk in turn. */
function valid(at: Device): Record<string, unknown[]> {
  const declared = () => {
    const declarations = new engine.Declarations();
    declarations.parameter('w', [2], { kind: 'constant', value: 1 });
    return declarations;
  };
  const conv = { channelsIn: 2, channelsOut: 2, kernel: 1 };
  const step = () => ({ y: ops.square(engine.zeros(at, [2])) });
  const init = { kind: 'constant', value: 0 };
  const spec = (one: unknown) => one;
  const head = engine.pixelHead('final', 1);
  const sizes = { channelsIn: 1, width: 2, depth: 2, unusedLayers: false };
  const body = (inside: engine.Declarations) =>
    new engine.UNetBody(inside, sizes, new Set(['pixels'] as const));
  const layers = (inside: engine.Declarations) => engine.declareHeaded(inside, body, [head]);
  return {
    tensor: [at, [1, 2], [2], 'f32', 'x'],
    zeros: [at, [2], 'f32', 'x'],
    filled: [at, 1, [2], 'f32', 'x'],
    empty: [at, { shape: [2], dtype: 'f32' }, 'x'],
    randomUniform: [at, [2], 1, 0, 1, 0],
    randomNormal: [at, [2], 1, 0, 1, 0],
    Tensor: [at, undefined, { shape: [2], dtype: 'f32' }],
    Declared: ['w', [2], init, [0]],
    Declarations: ['', [], [], []],
    Module: [at, declared(), 1, {}],
    Network: [at, (inside: engine.Declarations) => new engine.Linear(inside, 2, 2), { seed: 1 }],
    Sequential: [at, [engine.layers.relu()], { seed: 1 }],
    HeadedNetwork: [at, layers, {}],
    declareHeaded: [declared(), body, [head], []],
    UNetBody: [declared(), sizes, new Set(['pixels'])],
    UNet: [at, { width: 2, depth: 2, heatmaps: 1, locationHead: false }],
    declareUNet: [{ width: 2, depth: 2, heatmaps: 1, locationHead: true }],
    pixelHead: ['final', 1, { gain: 1 }],
    pooledHead: ['global', 1, { hidden: 2, dropout: 0 }],
    Conv2d: [declared(), conv],
    ConvTranspose2d: [declared(), conv],
    Linear: [declared(), 2, 2, { bias: true }],
    BatchNorm: [declared(), 2, {}],
    BatchNorm2d: [declared(), 2, {}],
    LayerNorm: [declared(), [2], {}],
    RMSNorm: [declared(), [2], {}],
    GroupNorm: [declared(), 1, 2, {}],
    InstanceNorm2d: [declared(), 2, {}],
    LossScaler: [at, {}],
    Tape: [{ keepsAll: true }],
    noGrad: [spec],
    capture: [at, step, { rank: 0, size: 1, first: 0, count: 1, total: 1, syncBatchNorm: false }],
    problemsOf: [at, step],
    tune: [at, [], { limitMs: 0 }],
    choicesBy: [[]],
    setChoices: [at, {}],
    encodeWeights: [new Map([['w', { shape: [1], values: new Float32Array(1) }]]), {}],
    decodeWeights: [new Uint8Array(8), 'file'],
    'ops.apply': [
      { name: 'own', infer: ([x]: unknown[]) => [x], launch: () => {} },
      [engine.zeros(at, [2])],
      {},
      {},
    ],
    'ops.sideBySide': [at, [1, 2], [1, 1], 'f32'],
    'ops.recompute': [spec, engine.zeros(at, [2])],
  };
}

interface Instance {
  readonly object: object;
  /** Methods that the engine calls itself. */
  readonly inside?: readonly string[];
  readonly also?: { dispose(): void };
}

/** What users get to hold. */
function instances(at: Device): Record<string, () => Instance | Promise<Instance>> {
  const network = () => new engine.Sequential(at, [engine.layers.linear(2, 2)]);
  const step = () => engine.capture(at, () => ({ y: engine.zeros(at, [2]) }));
  return {
    Tensor: () => ({ object: engine.zeros(at, [2]), inside: ['fill', 'revived'] }),
    Tape: () => ({ object: new engine.Tape(), inside: ['record', 'recordBlock'] }),
    CapturedStep: async () => ({ object: await step() }),
    Declarations: () => ({ object: new engine.Declarations() }),
    Declared: () => ({
      object: new engine.Declared('w', [2], { kind: 'constant', value: 0 }),
      inside: ['place'],
    }),
    Sequential: () => ({ object: network() }),
    Optimizer() {
      const also = network();
      return { object: new engine.Optimizer(also.arena, { kind: 'adam' }), also };
    },
    ReduceOnPlateau: () => ({ object: new engine.schedules.ReduceOnPlateau(0.1) }),
    LossScaler: () => ({ object: new engine.LossScaler(at) }),
    Scope: () => ({ object: new engine.Scope() }),
  };
}

/** Names and descriptors of methods and accessors, inherited ones too. */
function membersOf(object: object): [string, PropertyDescriptor][] {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === null) return [];
  const own = Object.entries(Object.getOwnPropertyDescriptors(prototype as object));
  return [...own, ...membersOf(prototype as object)];
}

describe('the engine, given what is none', () => {
  it.each(exported())('%s takes it or throws an error of ours', async (name, make) => {
    const at = device();
    refused = 0;
    for (const first of junk()) {
      await attempt(() => make(first), at, `${name}(${show([first])})`);
      for (const second of junk())
        await attempt(() => make(first, second, first), at, `${name}(${show([first, second, first])})`);
    }
    await attempt(() => make(), at, `${name}()`);
    const right = valid(at)[name] ?? [];
    for (const [i] of right.entries())
      for (const wrong of junk()) {
        const given = (valid(at)[name] ?? []).with(i, wrong);
        await attempt(() => make(...given), at, `${name}(${show(given)})`);
      }
    engine.setChoices(at, {});
    await at.sync();
    const harmless = ['scope', 'Scope', 'disown', 'call', 'Call', 'CallOutput', 'Incoming'];
    const plain = [
      'constant',
      'relu',
      'silu',
      'sigmoid',
      'tanh',
      'globalAvgPool',
      'globalMaxPool',
      'flatten',
    ];
    const takesAll = harmless.includes(name) || plain.some((one) => name === `layers.${one}`);
    if (!takesAll) expect(refused).toBeGreaterThan(0);
  });

  it.each(Object.keys(instances(undefined as never)))(
    'methods of %s take it or throw an error of ours',
    async (name) => {
      const at = device();
      const { object, inside = [], also } = await instances(at)[name]!();
      const members = membersOf(object).filter(
        ([member]) => !['constructor', 'dispose', ...inside].includes(member),
      );
      for (const [member, { set, value }] of members)
        for (const first of junk())
          for (const given of [[], [first], [first, null], [first, 3, 'x']]) {
            const act = set ?? (value as Call | undefined);
            await attempt(() => act?.apply(object, given as never), at, `${name}.${member}(${show(given)})`);
          }
      (object as { dispose?(): void }).dispose?.();
      also?.dispose();
      await at.sync();
      expect(members.length).toBeGreaterThan(0);
    },
  );
});
