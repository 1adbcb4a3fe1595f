/** @file Types of source.mjs and shaders.mjs for the tests. */
import type { Mutant } from './draw.d.mts';

export interface Asked {
  /** What is changed; all where there is none. */
  readonly paths: readonly string[];
  readonly tests?: readonly string[];
  readonly sample: number;
  readonly seed: number;
  /** Names of mutants, in place of a sample. */
  readonly only?: ReadonlySet<string>;
  /** Folder of the tree that they run in, and of what is remembered. */
  readonly tree: string;
  readonly kept: string;
  readonly jobs: number;
  readonly say: (line: string) => void;
}

export interface Judged {
  readonly all: readonly Mutant[];
  readonly results: readonly (Mutant & {
    readonly status: string;
    readonly by?: { readonly where: string; readonly message: string };
  })[];
}

export function mutateSource(asked: Asked): Promise<Judged>;
