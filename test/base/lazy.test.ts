/** @file Lists whose items are made as they are asked for. */
import { expect, it } from 'vitest';
import { counted, filtered, isLazy, lazyList } from '../../src/base/lazy.ts';

const odd = (value: number): boolean => value % 2 === 1;

it('says the same lazily, and makes an item each time that it is asked for', () => {
  const made: number[] = [];
  const squares = lazyList(5, (index) => {
    made.push(index);
    return index ** 2;
  });
  expect([squares.length, made]).toEqual([5, []]);
  expect([...squares]).toEqual([0, 1, 4, 9, 16]);
  expect(counted(squares, odd)).toBe(2);
  const some = filtered(squares, odd);
  expect([isLazy(some), some.length, isLazy(filtered([1, 2], odd))]).toEqual([true, 2, false]);
  made.length = 0;
  expect([some[1], some[1], some[2]]).toEqual([9, 9, undefined]);
  expect(made).toEqual([3, 3]);
});
