/** @file Types of wgsl.mjs for the tests. */
import type { Mutant } from './draw.d.mts';

/** What could be otherwise in a line of WGSL. */
export function changesOf(line: string): Iterable<{
  readonly kind: string;
  readonly original: string;
  readonly replacement: string;
  readonly column: number;
}>;

export function shaderMutants(paths?: readonly string[]): readonly (Mutant & {
  readonly kind: string;
  /** The line. */
  readonly text: string;
  readonly original: string;
  readonly replacement: string;
})[];
