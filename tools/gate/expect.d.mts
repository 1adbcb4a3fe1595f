export interface Expectation {
  readonly case: string;
  readonly file: string;
  readonly path: string;
  readonly why: string;
}

export class Expectations {
  constructor(entries: readonly Expectation[], file?: string);
  why(name: string, file: string, path: string): string | null;
  unmet(names: readonly string[]): Expectation[];
}

export function readExpectations(file?: string): Promise<Expectations>;
export function matches(pattern: string, text: string): boolean;
