/** @file Lists whose items are made each time that they are asked for, so that a long one takes no memory. */

const lazy = new WeakSet<object>();

/** The place that a property of a list names; -1: it names none of so many. */
function placeOf(key: string | symbol, length: number): number {
  if (typeof key === 'symbol' || key === '') return -1;
  const place = Number(key);
  return Number.isInteger(place) && place >= 0 && place < length ? place : -1;
}

/** A list of so many items, read like any other. What `at` throws, the reader of the item gets. */
export function lazyList<T>(length: number, at: (index: number) => T): readonly T[] {
  // of no length itself, for an array of a length has memory for it
  const list = new Proxy<T[]>([], {
    get(target, key) {
      if (key === 'length') return length;
      const place = placeOf(key, length);
      return place < 0 ? Reflect.get(target, key) : at(place);
    },
    has: (target, key) => placeOf(key, length) >= 0 || Reflect.has(target, key),
  });
  lazy.add(list);
  return list;
}

/** Whether a list is of `lazyList`. */
export const isLazy = (list: readonly unknown[]): boolean => lazy.has(list);

/** As the list's own `map`, but lazy where the list is. */
export const mapped = <T, R>(list: readonly T[], change: (item: T, index: number) => R): readonly R[] =>
  isLazy(list) ? lazyList(list.length, (index) => change(list[index]!, index)) : list.map(change);

/** One list behind another; lazy where one of them is. */
export const joinedLists = <T>(one: readonly T[], other: readonly T[]): readonly T[] =>
  isLazy(one) || isLazy(other)
    ? lazyList(one.length + other.length, (index) =>
        index < one.length ? one[index]! : other[index - one.length]!,
      )
    : [...one, ...other];

/** How many items are as asked; of a lazy list none is held. */
export function counted<T>(list: readonly T[], isOne: (item: T) => boolean): number {
  let count = 0;
  for (const item of list) if (isOne(item)) count++;
  return count;
}

/** As the list's own `filter`, but lazy where the list is. */
export function filtered<T>(list: readonly T[], isOne: (item: T) => boolean): readonly T[] {
  if (!isLazy(list)) return list.filter(isOne);
  const places: number[] = [];
  for (const [place, item] of list.entries()) if (isOne(item)) places.push(place);
  return lazyList(places.length, (index) => list[places[index]!]!);
}
