/** @file Orders of tiles that a network must tell apart: as far from each other as can be. */

/** Where each tile goes, or which tile is in each place: numbers 0 … n − 1, each once. */
export type Order = readonly number[];

/**
 * Generators of PGL(2, 7) on 8 tiles, the numbers modulo 7 and ∞, and of PGL(2, 8) on 9, the field of 8 and ∞: x + 1, a
 * primitive element times x, 1/x. These groups are sharply 3-transitive: two of their permutations agree in 2 places at
 * most, so that 6 of 8 or 7 of 9 tiles differ. The best of published sets differ by 2.
 */
const generators = {
  8: [
    [1, 2, 3, 4, 5, 6, 0, 7],
    [0, 3, 6, 2, 5, 1, 4, 7],
    [7, 1, 4, 5, 2, 3, 6, 0],
  ],
  9: [
    [1, 0, 3, 2, 5, 4, 7, 6, 8],
    [0, 2, 4, 6, 3, 1, 7, 5, 8],
    [8, 1, 5, 6, 7, 2, 3, 4, 0],
  ],
} as const;

export type TileCount = keyof typeof generators;

/** Permutations of the group: as many orders as there can be. */
export const mostOrders: Readonly<Record<TileCount, number>> = { 8: 336, 9: 504 };

/** Places in which two orders differ. */
export function differing(a: Order, b: Order): number {
  let places = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) places++;
  return places;
}

/** All products of generators, the identity first. */
function groupOf(tiles: TileCount): Order[] {
  const identity = Array.from({ length: tiles }, (_, i) => i);
  const group = new Map<string, Order>([[`${identity}`, identity]]);
  // what is added while it runs comes up, too
  for (const order of group.values())
    for (const generator of generators[tiles]) {
      const product = order.map((tile) => generator[tile]!);
      if (!group.has(`${product}`)) group.set(`${product}`, product);
    }
  return [...group.values()];
}

/**
 * Orders of tiles, the identity first, then one after another that which differs most from all before: by the least
 * number of differing places, of equal ones by the sum, of these the first. The same in every run.
 * @param count from 1 to `mostOrders`
 */
export function tileOrders(tiles: TileCount, count: number): Order[] {
  const group = groupOf(tiles);
  const least = group.map(() => Number.POSITIVE_INFINITY);
  const sums = group.map(() => 0);
  const chosen: Order[] = [];
  for (let next = 0; chosen.length < count; ) {
    const order = group[next]!;
    chosen.push(order);
    let best = 0;
    for (const [i, other] of group.entries()) {
      const far = differing(order, other);
      least[i] = Math.min(least[i]!, far);
      sums[i]! += far;
      if (least[i]! > least[best]! || (least[i] === least[best] && sums[i]! > sums[best]!)) best = i;
    }
    next = best;
  }
  return chosen;
}
