/** @file The forms on matrix units that a page has: none, for browsers offer it no such units. */
import type { CorrelationVariant } from './correlationLayout.ts';
import type { GatherVariant } from './gatherLayout.ts';

export const matrixGathers: readonly GatherVariant[] = [];

export const matrixCorrelations: readonly CorrelationVariant[] = [];
