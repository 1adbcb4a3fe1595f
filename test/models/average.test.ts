import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { Optimizer } from '../../src/autograd/optim.ts';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import { ConfigError } from '../../src/base/errors.ts';
import { MovingAverage, Sequential } from '../../src/models/index.ts';
import * as layers from '../../src/models/specs.ts';
import { zeros } from '../../src/tensor/create.ts';
import { expectClose, random } from '../check.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

const network = (seed: number, channels = 3) =>
  new Sequential(
    device(),
    [
      layers.conv2d({ channelsIn: 1, channelsOut: channels, kernel: 3, padding: 1 }),
      layers.batchNorm(channels),
      layers.relu(),
      layers.conv2d({ channelsIn: channels, channelsOut: 1, kernel: 1 }),
    ],
    { seed },
  );

type Values = Map<string, readonly number[]>;

const read = async (module: Sequential): Promise<Values> =>
  new Map(
    await Promise.all(
      [...module.stateDict()].map(async ([name, x]) => [name, [...(await x.read())]] as const),
    ),
  );

const batches = [1, 2, 3, 4].map((seed) => random([2, 5, 6, 1], seed, 0.5, 2).data);

/** A student that learns and a teacher that follows, as one captured step. */
async function pair(decay: number) {
  const [student, teacher] = [network(1), network(2)];
  const optimizer = new Optimizer(student.arena, { kind: 'adam' });
  const average = new MovingAverage(teacher, student, { decay });
  const x = zeros(device(), [2, 5, 6, 1]);
  const step = await capture(device(), () => {
    student.arena.zeroGrad();
    using tape = new Tape();
    const loss = ops.mse(
      student.forward(x, { training: true }),
      teacher.forward(ops.square(x), { training: true }),
    );
    tape.backward(loss);
    optimizer.apply();
    average.update();
    return { loss };
  });
  return {
    student,
    teacher,
    average,
    state: new Map([...student.stateDict(), ...optimizer.state()]),
    run(i: number) {
      x.write(batches[i]!);
      optimizer.prepare(i + 1, 0.05);
      step.run();
    },
    dispose() {
      for (const owner of [step, average, optimizer, teacher, student]) owner.dispose();
      x.dispose();
    },
  };
}

describe('MovingAverage', () => {
  it('begins as a copy, then follows parameters and running statistics; no gradient reaches the teacher', async () => {
    const both = await pair(0.9);
    const wanted = await read(both.student);
    const counts = [...wanted.keys()].filter((name) => name.endsWith('num_batches_tracked'));
    expect(counts).toHaveLength(1);
    expect(await read(both.teacher)).toEqual(wanted);
    for (const [i, decay] of [0.9, 0.9, 0.5].entries()) {
      if (i === 2) both.average.prepare(decay);
      both.run(i);
      const now = await read(both.student);
      const own = await read(both.teacher);
      for (const [name, before] of wanted) {
        const moved = before.map((v, j) => decay * v + (1 - decay) * now.get(name)![j]!);
        wanted.set(name, counts.includes(name) ? before : moved);
        expectClose(own.get(name)!, wanted.get(name)!, 1e-6, name);
      }
      expect(now.get('1.num_batches_tracked')).toEqual([i + 1]);
    }
    for (const parameter of both.teacher.parameters.values()) expect(parameter.grad).toBeUndefined();
    both.dispose();
  });

  it('goes on from its state with the same bits', async () => {
    const first = await pair(0.9);
    first.run(0);
    first.run(1);
    const saved = async (from: ReadonlyMap<string, { read(): Promise<ArrayLike<number>> }>) =>
      new Map(await Promise.all([...from].map(async ([name, x]) => [name, await x.read()] as const)));
    const [learned, followed] = [await saved(first.state), await saved(first.average.state())];
    first.run(2);
    const second = await pair(0.9);
    for (const [name, values] of learned) second.state.get(name)!.write(Array.from(values));
    for (const [name, values] of followed) second.average.state().get(name)!.write(Array.from(values));
    second.run(2);
    expect(await read(second.teacher)).toEqual(await read(first.teacher));
    first.dispose();
    second.dispose();
  });

  it('copies with decay 0 and stays with decay 1', async () => {
    const [student, teacher] = [network(1), network(2)];
    using average = new MovingAverage(teacher, student, { decay: 1 });
    const before = await read(teacher);
    const bias = student.parameters.get('0.bias')!;
    bias.write([1, 2, 3]);
    average.update();
    expect(await read(teacher)).toEqual(before);
    average.prepare(0);
    average.update();
    expect((await read(teacher)).get('0.bias')).toEqual([1, 2, 3]);
    student.dispose();
    teacher.dispose();
  });

  it('follows networks without statistics, and padding stays 0', async () => {
    const plain = () =>
      new Sequential(device(), [layers.conv2d({ channelsIn: 1, channelsOut: 3, kernel: 3 })], { seed: 1 });
    const [student, teacher] = [plain(), plain()];
    using average = new MovingAverage(teacher, student);
    average.update();
    expectClose(await teacher.arena.values.read(), await student.arena.values.read(), 1e-7, 'weights');
    student.dispose();
    teacher.dispose();
  });

  it('refuses networks that differ and decays that are none', () => {
    const [student, teacher, wider] = [network(1), network(2), network(1, 5)];
    const wrong: [() => unknown, string][] = [
      [() => new MovingAverage(teacher, teacher), 'The teacher of a MovingAverage is its student'],
      [
        () => new MovingAverage(teacher, wider),
        'The networks of a MovingAverage differ. Build the teacher as',
      ],
      [() => new MovingAverage({} as never, student), 'for its teacher. Pass a network'],
      [() => new MovingAverage(teacher, student, { decay: 1.1 }), 'decay of MovingAverage is 1.1'],
      [() => new MovingAverage(teacher, student, { rate: 0 } as never), 'settings of MovingAverage.rate'],
    ];
    for (const [call, message] of wrong) {
      expect(call).toThrow(ConfigError);
      expect(call).toThrow(message);
    }
    using average = new MovingAverage(teacher, student);
    expect(() => average.prepare(Number.NaN)).toThrow('decay of MovingAverage.prepare is NaN');
    for (const module of [student, teacher, wider]) module.dispose();
  });
});
