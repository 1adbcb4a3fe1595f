/** @file Exponential moving averages of weights: a teacher that follows a student (Tarvainen and Valpola 2017). */
import { describe } from '../base/describe.ts';
import { ConfigError } from '../base/errors.ts';
import { expectNumber, expectSettings } from '../base/settings.ts';
import { tensor } from '../tensor/create.ts';
import { disown } from '../tensor/scope.ts';
import { sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/** Of a `MovingAverage`: an exponential moving average, the teacher of self-distillation. */
export interface AverageSettings {
  /** What of the teacher an update keeps, 0 … 1; default 0.999. `prepare` sets another. */
  readonly decay?: number;
}

/** Throws ConfigError unless the teacher has every tensor of the student at the same place. */
function expectAlike(teacher: Module, student: Module): void {
  for (const [name, module] of Object.entries({ teacher, student }))
    if (!(module instanceof Module))
      throw new ConfigError(`MovingAverage got ${describe(module)} for its ${name}. Pass a network.`);
  const fix = 'Build the teacher as the student was built, with the same options, on the same device.';
  if (teacher === student) throw new ConfigError(`The teacher of a MovingAverage is its student. ${fix}`);
  const [own, others] = [teacher, student].map((module) => [...module.stateDict()]);
  const same = own!.every(([name, mine], i) => {
    const [otherName, other] = others![i] ?? [];
    return name === otherName && mine.offset === other!.offset && sameShape(mine.shape, other!.shape);
  });
  if (same && own!.length === others!.length && teacher.device === student.device) return;
  throw new ConfigError(`The networks of a MovingAverage differ. ${fix}`);
}

/**
 * A teacher whose parameters and running statistics are the moving averages of a student's:
 * teacher ← decay·teacher + (1 − decay)·student at each update. It begins as a copy of the student and is frozen: no
 * gradient reaches it. Both stay their owner's to dispose.
 * @throws ConfigError for networks that differ in a tensor's name, shape or place, or a decay outside 0 … 1
 * @example
 * const student = new Sequential(device, [layers.linear(2, 1)], { seed: 1 });
 * const teacher = new Sequential(device, [layers.linear(2, 1)], { seed: 1 });
 * const average = new MovingAverage(teacher, student, { decay: 0.99 });
 * average.update();
 * [average, teacher, student].forEach((each) => each.dispose());
 */
export class MovingAverage {
  readonly teacher: Module;
  readonly student: Module;
  /** Shares of the teacher and of the student. */
  readonly #shares: Tensor;

  constructor(teacher: Module, student: Module, settings: AverageSettings = {}) {
    expectAlike(teacher, student);
    expectSettings('settings of MovingAverage', settings, ['decay']);
    const { decay = 0.999 } = settings;
    expectDecay('decay of MovingAverage', decay);
    this.teacher = teacher;
    this.student = student;
    this.#shares = disown(tensor(teacher.device, [0, 1], [2], 'f32', 'shares of the average'));
    teacher.freeze(() => true);
    teacher.mix(student, this.#shares);
    this.prepare(decay);
  }

  /**
   * The decay of the updates from now on, of a captured step's too: a schedule calls it before each run.
   * @throws ConfigError for a decay outside 0 … 1
   */
  prepare(decay: number): void {
    expectDecay('decay of MovingAverage.prepare', decay);
    this.#shares.write([decay, 1 - decay]);
  }

  /** One step of the average, eagerly or in a captured step: after the optimiser's `apply()`. */
  update(): void {
    this.teacher.mix(this.student, this.#shares);
  }

  /** What a checkpoint must keep, by name; read it, or write it to resume. */
  state(): ReadonlyMap<string, Tensor> {
    return this.teacher.stateDict();
  }

  dispose(): void {
    this.#shares.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function expectDecay(name: string, decay: number): void {
  expectNumber(name, decay, { most: 1 });
}
