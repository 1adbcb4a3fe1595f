/** @file Samples, steps and outputs made by hand, for the tests of tasks. */
import { identityAffine } from '../../src/data/affine.ts';
import { companionsOf } from '../../src/data/companions.ts';
import type { Field } from '../../src/data/field.ts';
import type { Choice } from '../../src/data/input.ts';
import type { Sample } from '../../src/data/sample.ts';
import type { Head } from '../../src/models/heads.ts';
import type { HostOutputs, InputImages, Step } from '../../src/tasks/task.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

/** A black image of 32 px of 4 mm, with the labels given. */
export function sampleOf(labels: Partial<Sample> = {}): Sample {
  const size = 32;
  return {
    ...{ subject: 'a', file: 'f', view: 'sax', frame: 0, slice: 0, lines: [], location: null, index: 0 },
    plane: {
      position: [0, 0, 0],
      rowDirection: [1, 0, 0],
      columnDirection: [0, 1, 0],
      spacingMm: [4, 4],
      rows: size,
      columns: size,
    },
    pixels: () => new Float32Array(size * size),
    mask: () => null,
    colours: () => null,
    group: () => null,
    ...labels,
  };
}

/** What an example is picked from: an image as it is, alone unless it is given others. */
export function choiceOf({ sample = sampleOf(), ...given }: Partial<Choice> = {}): Choice {
  const change = { matrix: identityAffine, gain: 1, offset: 0 };
  return { sample, among: companionsOf([sample]), change, size: 32, draw: () => 0, ...given };
}

/** What is found under a key; asking for anything else fails the test. */
function found<K extends object, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error(`${JSON.stringify(key)} was asked for`);
  return value;
}

/** A step with these outputs and labels, and no others; images where they are given. */
export const stepOf = (
  outputs: ReadonlyMap<Head, Tensor>,
  values: ReadonlyMap<Field, Tensor>,
  masks: ReadonlyMap<Field, Tensor>,
  images?: Tensor,
): Step => ({
  out: (head) => found(outputs, head),
  at: (field) => found(values, field),
  mask: (field) => found(masks, field),
  images: images as Tensor,
  number: () => null,
});

/** Images that a judge is told of, with these tables and no others. */
export const blockOf = (
  given: Partial<InputImages>,
  tables: ReadonlyMap<Field, ArrayLike<number>> = new Map(),
): InputImages => ({
  ...{ clean: new Float32Array(), seen: new Float32Array(), views: [] },
  at: (table) => found(tables, table),
  ...given,
});

/** Outputs of one head, and of no other. */
export const outputsOf =
  (head: Head, values: Float32Array): HostOutputs =>
  (asked) =>
    found(new Map([[head, values]]), asked);
