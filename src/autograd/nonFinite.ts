/** @file What an optimiser's launches notice: the first step after which something is no longer finite, and what. */

import { ConfigError } from '../base/errors.ts';
import { tensor } from '../tensor/create.ts';
import type { Device } from '../tensor/device.ts';
import { disown } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { ParameterArena } from './arena.ts';

/**
 * Something that is infinite or no number: an element of a gradient, the norm of all gradients together (`name` is then
 * empty), an element of a moment, parameter or running statistic.
 */
export interface NonFinite {
  readonly kind: 'gradient' | 'gradientNorm' | 'statistic' | 'moment' | 'parameter';
  /** Of the parameter or statistic. Of several the first in the arena's order. */
  readonly name: string;
  /** As counted by `prepare`. */
  readonly step: number;
}

/** Elements of the tensor that the launches write, u32. */
export const WATCH_WORDS = 8;
/** What is in them where nothing was found. */
const NOTHING = 0xffffffff;
const nothing: readonly number[] = new Array(WATCH_WORDS).fill(NOTHING);

/** Of what one step brought, the likeliest cause first: the elements after the step, as in shaders/optim.wgsl. */
const causes = ['gradient', 'gradientNorm', 'statistic', 'parameter', 'moment'] as const;
const wordOf = (cause: (typeof causes)[number]): number => 1 + causes.indexOf(cause);
const UNPREPARED = 1 + causes.length;

/** Where an optimiser notes what is not finite. Dispose it. */
export class Watch {
  readonly tensor: Tensor;
  /** The running statistics as one tensor. */
  readonly state: Tensor | undefined;
  readonly #parameters: ReadonlyMap<string, Tensor>;
  readonly #statistics: ReadonlyMap<string, Tensor>;

  /** @throws ConfigError for statistics that are not those of one module */
  constructor({ device, parameters }: ParameterArena, statistics: ReadonlyMap<string, Tensor>) {
    this.state = spanOf(device, statistics);
    this.tensor = disown(tensor(device, nothing, [WATCH_WORDS], 'u32', 'not finite'));
    this.#parameters = parameters;
    this.#statistics = statistics;
  }

  /** What the tensor's elements say, null where nothing was found. */
  found(elements: ArrayLike<number>): NonFinite | null {
    const step = elements[0]!;
    const kind = causes.find((one) => elements[wordOf(one)] !== NOTHING);
    if (step === NOTHING || !kind) return null;
    if (kind === 'gradientNorm') return { kind, name: '', step };
    const tensors = kind === 'statistic' ? this.#statistics : this.#parameters;
    return { kind, name: nameAt(tensors, elements[wordOf(kind)]!, kind === 'statistic'), step };
  }

  /**
   * Waits for what was launched so far, says what was found and forgets it.
   * @throws ConfigError where a step ran that had not been prepared
   */
  async take(): Promise<NonFinite | null> {
    const elements = await this.tensor.read();
    const found = this.found(elements);
    const unprepared = elements[UNPREPARED] !== NOTHING;
    if (found || unprepared) this.tensor.write(nothing);
    if (unprepared)
      throw new ConfigError(
        'A captured step ran before Optimizer.prepare(step, learningRate) and changed no parameter. Call it before each run().',
      );
    return found;
  }

  dispose(): void {
    this.tensor.dispose();
    this.state?.dispose();
  }
}

/** The name of the tensor that holds an element, counted from the first tensor's begin or from the storage's. */
function nameAt(tensors: ReadonlyMap<string, Tensor>, index: number, fromFirst: boolean): string {
  const begin = fromFirst ? Math.min(...[...tensors.values()].map(({ offset }) => offset)) : 0;
  let name = '';
  let last = -1;
  for (const [candidate, { offset }] of tensors) {
    const at = (offset - begin) / 4;
    if (at > index || at < last) continue;
    [name, last] = [candidate, at];
  }
  return name;
}

/** One tensor from the first to the last of tensors that lie in one storage, whole quads. */
function spanOf(device: Device, tensors: ReadonlyMap<string, Tensor>): Tensor | undefined {
  const fix = 'Pass module.statistics.';
  if (!(tensors instanceof Map)) throw new ConfigError(`optimizer.statistics is no Map of tensors. ${fix}`);
  const all: unknown[] = [...tensors.values()];
  const [first] = all;
  if (all.length === 0) return undefined;
  const fits = all.every(
    (one) =>
      one instanceof Tensor &&
      one.device === device &&
      one.dtype === 'f32' &&
      !one.run &&
      one.storage === (first as Tensor).storage,
  );
  if (!fits) throw new ConfigError(`optimizer.statistics are not those (f32) of one module. ${fix}`);
  const slices = all as Tensor[];
  const { storage } = slices[0]!;
  const begin = Math.min(...slices.map(({ offset }) => offset));
  const end = Math.max(...slices.map(({ offset, byteLength }) => offset + byteLength));
  const shape = [4 * Math.ceil((end - begin) / 16)];
  return disown(new Tensor(device, storage.retain(), { shape, dtype: 'f32' }, 'watched statistics', begin));
}
