/** Where in a file two versions differ, and what is there. */
export interface Difference {
  /** What an expectation names: a JSON path, a tensor, a line's text; empty for the file as a whole. */
  readonly path: string;
  /** Said instead of the path. */
  readonly place?: string;
  readonly text: string;
}

export function kindOf(name: string): { readonly noun: string };
export function compareFile(name: string, base: Uint8Array | null, work: Uint8Array | null): Difference[];
