/** @file What a model is made of, declared before anything is allocated: parameters and statistics by PyTorch's names. */
import { describe } from '../base/describe.ts';
import { ConfigError } from '../base/errors.ts';
import { fnv1a } from '../base/hash.ts';
import { normals, uniforms } from '../base/random.ts';
import { expectNumber, expectOneOf, expectSettings } from '../base/settings.ts';
import { elementCount, type Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** First values of a declared tensor: a constant, or random with a stream of its own. */
export type Init =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly std: number }
  | { readonly kind: 'uniform'; readonly bound: number };

const fieldsOf: Readonly<Record<Init['kind'], readonly string[]>> = {
  constant: ['value'],
  normal: ['mean', 'std'],
  uniform: ['bound'],
};

/** Throws ConfigError, naming the path, unless first values can be had by `init`. */
function expectInit(name: string, init: Init): void {
  const where = `init of ${name}`;
  expectSettings(where, init, ['kind', 'value', 'mean', 'std', 'bound']);
  expectOneOf(`kind of ${where}`, init.kind, Object.keys(fieldsOf));
  const fields = fieldsOf[init.kind];
  expectSettings(where, init, ['kind', ...fields]);
  for (const field of fields) {
    const least = field === 'value' || field === 'mean' ? -Number.MAX_VALUE : 0;
    expectNumber(`${field} of ${where}`, (init as unknown as Record<string, unknown>)[field], { least });
  }
}

/** Throws ConfigError, naming the path, unless a tensor of this shape can be declared. */
function expectShape(name: string, shape: Shape, torchAxes: readonly number[] | undefined): void {
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new ConfigError(
      `The shape of ${name} is ${describe(shape)}. Use an array of whole numbers from 0.`,
    );
  if (torchAxes === undefined) return;
  const axes: unknown = Array.isArray(torchAxes) ? [...torchAxes].sort((a, b) => a - b) : torchAxes;
  if (Array.isArray(axes) && axes.length === shape.length && axes.every((axis, i) => axis === i)) return;
  const problem = `torchAxes of ${name} are ${describe(torchAxes)}`;
  throw new ConfigError(`${problem}. Use each axis of ${describe(shape)} once: 0 … ${shape.length - 1}.`);
}

/** Throws ConfigError unless `value` is a name. */
function expectName(where: string, value: unknown): void {
  if (typeof value !== 'string' || value === '')
    throw new ConfigError(`${where} is ${describe(value)}. Use a name, such as 'conv1'.`);
}

/**
 * A declared tensor. `tensor` exists once the module is built.
 * @example
 * new Declarations().parameter('weight', [2, 3], { kind: 'normal', mean: 0, std: 0.1 }) instanceof Declared; // true
 */
export class Declared {
  readonly name: string;
  readonly shape: Shape;
  readonly init: Init;
  /** Which axis here is each of PyTorch's; where not given, by the rank as state.ts says. */
  readonly torchAxes: readonly number[] | undefined;
  #tensor: Tensor | undefined;
  #half: Tensor | undefined;

  /** @throws ConfigError for what is no name, shape, initial value or order of axes, naming the path */
  constructor(name: string, shape: Shape, init: Init, torchAxes?: readonly number[]) {
    expectName('name of a declared tensor', name);
    expectShape(name, shape, torchAxes);
    expectInit(name, init);
    this.name = name;
    this.shape = shape;
    this.init = init;
    this.torchAxes = torchAxes;
  }

  get tensor(): Tensor {
    if (!this.#tensor)
      throw new ConfigError(`${this.name} was used before its module was built. Build the module first.`);
    return this.#tensor;
  }

  /** The tensor as kernels read it beside `x`: in f16 where x is. */
  beside(x: Tensor): Tensor {
    if (x?.dtype !== 'f16') return this.tensor;
    if (!this.#half)
      throw new ConfigError(
        `${this.name} was used in f16, but its module has no copies in f16. Build it with halves.`,
      );
    return this.#half;
  }

  /** Whether training leaves it as it is: of running statistics, whether their layer normalises by them in training too. */
  frozen = false;

  /** `half`: the copy in f16, in modules that have one. */
  place(tensor: Tensor, half?: Tensor): void {
    this.#tensor = tensor;
    this.#half = half;
  }
}

/**
 * Collects what layers declare; `at('conv1')` is the same collection under a longer path.
 * @example
 * const at = new Declarations();
 * at.at('head').parameter('weight', [2, 3], { kind: 'normal', mean: 0, std: 0.1 }).shape; // [2, 3]
 */
export class Declarations {
  readonly parameters: Declared[];
  readonly statistics: Declared[];
  /** Paths of the batch norms: each has a count of the batches it has seen. */
  readonly counters: string[];
  readonly #path: string;

  constructor(path = '', parameters: Declared[] = [], statistics: Declared[] = [], counters: string[] = []) {
    if (typeof path !== 'string' || ![parameters, statistics, counters].every(Array.isArray))
      throw new ConfigError(
        'Declarations are made without arguments; paths by at(): declarations.at("conv1").',
      );
    this.#path = path;
    this.parameters = parameters;
    this.statistics = statistics;
    this.counters = counters;
  }

  /** Where this is in the model: `features.0`, and nothing for the whole. */
  get path(): string {
    return this.#path.slice(0, -1);
  }

  /** @throws ConfigError for what is no name */
  at(name: string): Declarations {
    expectName(`at(name) of ${this.path || 'the model'}`, name);
    return new Declarations(`${this.#path}${name}.`, this.parameters, this.statistics, this.counters);
  }

  /**
   * A trainable tensor; `torchAxes[i]` is the axis here that is PyTorch's axis i, where the rank does not say.
   * @throws ConfigError for a name that is declared already, and as Declared does
   */
  parameter(name: string, shape: Shape, init: Init, torchAxes?: readonly number[]): Declared {
    const declared = new Declared(this.#nameOf(name), shape, init, torchAxes);
    this.parameters.push(declared);
    return declared;
  }

  /** A tensor that is kept with the parameters and no optimiser changes. @throws ConfigError as `parameter` */
  statistic(name: string, shape: Shape, value: number): Declared {
    const declared = new Declared(this.#nameOf(name), shape, { kind: 'constant', value });
    this.statistics.push(declared);
    return declared;
  }

  /** A count of training batches. @throws ConfigError as `parameter` */
  counter(name: string): void {
    this.counters.push(this.#nameOf(name));
  }

  #nameOf(name: string): string {
    expectName(`name of a tensor in ${this.path || 'the model'}`, name);
    const whole = this.#path + name;
    const taken = [...this.parameters, ...this.statistics].some((other) => other.name === whole);
    if (!taken && !this.counters.includes(whole)) return whole;
    throw new ConfigError(`${whole} is declared twice. Give each layer a path of its own: at.at('name').`);
  }

  /** Number of parameter elements. */
  get parameterCount(): number {
    return this.parameters.reduce((count, { shape }) => count + elementCount(shape), 0);
  }
}

/** Throws ConfigError unless a layer was given declarations. */
export function expectDeclarations(layer: string, at: unknown): void {
  if (!(at instanceof Declarations))
    throw new ConfigError(
      `${layer} got ${describe(at)} to declare its parameters in. Pass Declarations: at.at('${layer.toLowerCase()}').`,
    );
}

/** The first values of a declared tensor: they depend on the seed and its name only. */
export function initialValues({ name, shape, init }: Declared, seed: number): Float32Array {
  const count = elementCount(shape);
  if (init.kind === 'constant') return new Float32Array(count).fill(init.value);
  if (init.kind === 'normal') return normals(count, seed, fnv1a(name)).map((z) => init.mean + init.std * z);
  return uniforms(count, seed, fnv1a(name)).map((u) => (2 * u - 1) * init.bound);
}
