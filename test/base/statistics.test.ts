/** @file Means and medians, with none, one, an odd and an even number of values. */
import { expect, it } from 'vitest';
import { mean, median } from '../../src/base/statistics.ts';

it('mean and median of nothing are null', () => {
  expect(mean([])).toBeNull();
  expect(median([])).toBeNull();
});

it('the median is the middle value, or the mean of the middle two, and leaves its input as it is', () => {
  const values = [9, 1, 5];
  expect(median(values)).toBe(5);
  expect(values).toEqual([9, 1, 5]);
  expect(median([4, 1, 3, 100])).toBe(3.5);
  expect(median([7])).toBe(7);
  expect(mean([1, 2, 6])).toBe(3);
});
