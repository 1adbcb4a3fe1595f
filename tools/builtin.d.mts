import type { Made } from '../src/run/builtincard.node.ts';

export const MOST_BYTES: number;
export const beginning: { readonly subjects: number; readonly steps: number };
export function shortened<
  T extends { readonly steps: number; readonly phantom: { readonly subjects: number } },
>(config: T, to: { readonly subjects?: number; readonly steps?: number }): T;
export function cardPart(steps: number, made: Made): string;
