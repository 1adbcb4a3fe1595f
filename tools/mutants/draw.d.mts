/** @file Types of draw.mjs for the tests. */

/** One thing that is otherwise in one file. */
export interface Mutant {
  readonly key: string;
  readonly stratum: string;
}

export function draw<M extends Mutant>(
  mutants: readonly M[],
  options: { readonly sample: number; readonly seed: number },
): readonly M[];

export function nameOf(mutant: Pick<Mutant, 'key'> & { readonly original: string }): string;
