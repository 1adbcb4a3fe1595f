import { describe, expect, it } from 'vitest';
import { capture } from '../../src/autograd/step.ts';
import { Tape } from '../../src/autograd/tape.ts';
import type { Device } from '../../src/tensor/device.ts';
import { scope } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { expectClose, type Host, poisoned } from '../check.ts';
import { useDevice } from '../device.ts';
import { slow } from '../slow.ts';
import * as arithmetic from './programs/arithmetic.ts';
import * as copies from './programs/copies.ts';
import * as layers from './programs/layers.ts';
import * as norms from './programs/norms.ts';
import { Draw, type Maker, type Program, randomProgram } from './programs/program.ts';

const device = useDevice();
const all = [arithmetic, copies, layers, norms].flatMap((makers) =>
  Object.entries(makers).flatMap(([name, maker]) =>
    ['partner', 'leafOf'].includes(name) ? [] : [maker as Maker],
  ),
);

type Gradients = (Float32Array | undefined)[];

/** Reads the leaves' gradients and forgets them. */
async function take(leaves: readonly Tensor[]): Promise<Gradients> {
  const found: Gradients = [];
  for (const leaf of leaves) {
    found.push(leaf.grad && ((await leaf.grad.read()) as Float32Array));
    leaf.grad?.dispose();
    leaf.grad = undefined;
  }
  return found;
}

/** Disposes what a forward pass made, in any order, before backward: the tape keeps what it needs. */
function scatter(made: Tensor[], draw: Draw): void {
  while (made.length) made.splice(draw.integer(made.length), 1)[0]!.dispose();
}

interface Results {
  readonly loss: number;
  readonly once: Gradients;
  readonly twice: Gradients;
  readonly retained: Gradients;
}

/** One pass; two passes that accumulate; one pass with backward twice through a retained graph. */
async function eager(program: Program, leaves: Tensor[], seed: number): Promise<Results> {
  const pass = async (retain: boolean, times: number): Promise<[number, Gradients]> => {
    let loss = 0;
    for (let time = 0; time < times; time++) {
      using _temporaries = scope();
      using tape = new Tape();
      const made: Tensor[] = [];
      const y = program.device(leaves, made);
      scatter(made, new Draw(seed + time));
      if (retain) tape.backward(y, undefined, { retainGraph: true });
      tape.backward(y);
      loss = await y.item();
    }
    return [loss, await take(leaves)];
  };
  const [loss, once] = await pass(false, 1);
  const [, twice] = await pass(false, 2);
  const [, retained] = await pass(true, 1);
  return { loss, once, twice, retained };
}

/** The same in a captured step, run twice. */
async function captured(
  at: Device,
  program: Program,
  leaves: Tensor[],
): Promise<Omit<Results, 'twice' | 'retained'>> {
  using step = await capture(at, () => {
    using tape = new Tape();
    const loss = program.device(leaves);
    tape.backward(loss);
    const gradients = leaves.flatMap((leaf, i) => (leaf.grad ? [[`${i}`, leaf.grad] as const] : []));
    return { loss, ...Object.fromEntries(gradients) } as Record<string, Tensor>;
  });
  step.run();
  step.run();
  const once: Gradients = [];
  for (const i of leaves.keys()) once.push((await step.outputs[i]?.read()) as Float32Array | undefined);
  return { loss: await step.outputs.loss!.item(), once };
}

/** Central differences of the float64 program by a few elements of each leaf, spread over it. */
function differences(program: Program): Map<string, number> {
  const found = new Map<string, number>();
  const step = 1e-6;
  for (const [which, leaf] of program.leaves.entries()) {
    const stride = Math.max(1, Math.floor(leaf.data.length / 4));
    for (let element = 0; element < leaf.data.length; element += stride) {
      const at = (shift: number): Host[] =>
        program.leaves.map((one, i) => {
          if (i !== which) return one;
          const data = one.data.slice();
          data[element]! += shift;
          return { ...one, data };
        });
      found.set(
        `${which}.${element}`,
        (program.reference(at(step)) - program.reference(at(-step))) / (2 * step),
      );
    }
  }
  return found;
}

/** Whether the gradients are the float64 ones, to what float32 can give through a dozen ops. */
function expectRight(program: Program, { loss, once }: Results): void {
  const wanted = program.reference(program.leaves);
  expect(Math.abs(loss - wanted), 'loss').toBeLessThan(2e-4 * Math.max(1, Math.abs(wanted)));
  const want = differences(program);
  const scale = Math.max(1e-2, ...[...want.values()].map(Math.abs));
  for (const [key, value] of want) {
    const [leaf, element] = key.split('.').map(Number) as [number, number];
    const got = once[leaf]?.[element] ?? 0;
    expect(Math.abs(got - value), `gradient ${key} is ${got}, not ${value}`).toBeLessThan(1e-3 * scale);
  }
}

/** Whether gradients are twice those of one pass, but for the order of the additions. */
function expectDoubled(gradients: Gradients, once: Gradients, what: string): void {
  for (const [i, gradient] of gradients.entries()) {
    expect(gradient?.length, what).toBe(once[i]?.length);
    if (gradient)
      expectClose(
        gradient,
        once[i]!.map((value) => 2 * value),
        1e-5,
        `${what}: leaf ${i}`,
      );
  }
}

async function check(seed: number): Promise<void> {
  const program = randomProgram(seed, all);
  using _leaves = scope();
  const leaves = program.upload(device());
  try {
    const results = await poisoned(device(), () => eager(program, leaves, seed));
    expectRight(program, results);
    expectDoubled(results.twice, results.once, 'accumulated over two passes');
    expectDoubled(results.retained, results.once, 'backward twice');
    const { loss, once } = await captured(device(), program, leaves);
    expect({ loss, once }, 'captured').toEqual({ loss: results.loss, once: results.once });
  } catch (error) {
    throw new Error(`program ${seed}:\n${program.text}\n${(error as Error).message}`, { cause: error });
  }
}

describe('random programs: forward, gradients, accumulation, a second backward, disposal, capture', () => {
  for (let first = 0; first < 260; first += 65)
    it.runIf(slow || first === 0)(
      `hold against float64 and bit for bit, seeds ${first} to ${first + 64}`,
      async () => {
        for (let seed = first; seed < first + 65; seed++) await check(seed);
      },
      180_000,
    );
});
