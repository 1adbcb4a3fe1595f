/** @file What self-loop uncertainty looks at: an image, and behind it the same with its tiles permuted in several ways. */
import * as ops from '../../autograd/ops.ts';
import { permutation } from '../../base/random.ts';
import { type Field, field } from '../../data/field.ts';
import type { TaskInput } from '../task.ts';
import type { Order } from '../tiles/permutations.ts';
import { permutedPlaces, returningPlaces } from './loss.ts';

/** With its tables: where pixels come from, where they are put back, and which orders were drawn. */
export interface LoopInput extends TaskInput {
  readonly tables: readonly [places: Field, back: Field, order: Field];
}

/** @param permutations ways in which an image is permuted, each in another of the orders */
export function loopInput(
  orders: readonly Order[],
  { size, permutations }: { readonly size: number; readonly permutations: number },
): LoopInput {
  const shown = 1 + permutations;
  const places = field('permuted tiles', { kind: 'value', shape: [shown * size, size], dtype: 'u32' });
  const back = field('tiles put back', { kind: 'value', shape: [permutations * size, size], dtype: 'u32' });
  const order = field('orders', { kind: 'value', shape: [permutations], dtype: 'u32' });
  return {
    ...{ name: 'self loop', views: 1, tables: [places, back, order] },
    pick({ sample, change, draw }) {
      const drawn = [...permutation(orders.length, draw).subarray(0, permutations)];
      const area = size * size;
      const [to, from] = [new Uint32Array(shown * area), new Uint32Array(permutations * area)];
      for (let i = 0; i < area; i++) to[i] = i;
      for (const [i, own] of drawn.entries()) {
        const permuted = permutedPlaces(orders[own]!, size);
        to.set(permuted, (i + 1) * area);
        from.set(
          returningPlaces(permuted).map((place) => (i + 1) * area + place),
          i * area,
        );
      }
      const tables = new Map<typeof places, ArrayLike<number>>([
        [places, to],
        [back, from],
        [order, drawn],
      ]);
      return { views: [{ sample, ...change }], drawn: 0, tables };
    },
    alter(images, at) {
      const all = ops.gatherPixels(images, at(places));
      return ops.reshape(all, [images.shape[0]! * shown, size, size, 1]);
    },
  };
}
