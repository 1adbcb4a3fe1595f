import { describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { IndexError, LabelError, PlanewiseError } from '../../src/base/errors.ts';
import { tensor, zeros } from '../../src/tensor/create.ts';
import { scope } from '../../src/tensor/scope.ts';
import { useDevice } from '../device.ts';

const device = useDevice();

/** What takes no tensors first, or is checked where its own tests are. */
const others = ['apply', 'applyAll', 'applyFirst', 'recompute', 'sideBySide'];

const functions = Object.entries(ops as unknown as Record<string, (...given: unknown[]) => unknown>).filter(
  ([name, value]) => typeof value === 'function' && !others.includes(name),
);

/** Tensors and things that are none, in which a caller may err. */
function junk(): unknown[] {
  const at = device();
  return [
    undefined,
    null,
    3,
    -1.5,
    Number.NaN,
    'x',
    {},
    [],
    () => 0,
    { unknownOption: 1 },
    { kernel: -1, stride: 0.5, padding: Number.NaN, axis: 1.5, axes: [9], p: 2, size: [0] },
    tensor(at, [1], []),
    tensor(at, [1, 2, 3, 4], [4]),
    tensor(at, [1, 2, 3, 4], [2, 2]),
    tensor(at, [1, 2, 3, 4], [1, 2, 2, 1]),
    tensor(at, [1, 2, 3, 4], [4], 'i32'),
    tensor(at, [1, 0], [2], 'u32'),
    tensor(at, [1, 0, 1, 1], [2, 2], 'bool'),
    zeros(at, [0, 3]),
    zeros(at, [1, 0, 2, 4]),
  ];
}

/** Argument lists of one to three, of every kind first, seconds by turns. */
function* lists(values: readonly unknown[]): Generator<unknown[]> {
  yield [];
  for (const [i, first] of values.entries()) {
    yield [first];
    for (const [j, second] of values.entries()) {
      yield [first, second];
      yield [first, second, values[(5 * i + 7 * j) % values.length]];
    }
  }
}

describe('arguments', () => {
  for (const [name, call] of functions)
    it(`${name} takes what it is given or says by its own name what is wrong`, async () => {
      let refused = 0;
      for (const given of lists(junk())) {
        using _results = scope();
        try {
          call(...given);
        } catch (error) {
          const text = given.map((one) => String(one)).join(', ');
          const said = `${name}(${text}) threw ${(error as Error).name}: ${(error as Error).message}`;
          if (!(error instanceof PlanewiseError)) expect.fail(said);
          if (!error.message.startsWith(`${name}: `)) expect.fail(said);
          refused++;
        }
      }
      // Nothing wrong has reached the device either, but for labels and indices, which only it sees.
      await device()
        .sync()
        .catch((error: unknown) => {
          if (!(error instanceof LabelError || error instanceof IndexError)) throw error;
          expect(error.message.startsWith(`${name}: `), error.message).toBe(true);
        });
      expect(refused).toBeGreaterThan(0);
    });
});
