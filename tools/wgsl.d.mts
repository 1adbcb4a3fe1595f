/** @file Types of wgsl.mjs for the tests. */

export const root: string;

export function shaderFiles(): string[];

export function identifier(file: string): string;

export function readShader(file: string): {
  readonly source: string;
  /** `path:line` of each line. */
  readonly at: readonly string[];
  readonly parts: readonly { readonly include: string | null; readonly text: string }[];
};
