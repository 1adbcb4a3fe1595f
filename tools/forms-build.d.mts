/** @file Types of forms-build.mjs for the tests. */
export function buildForms(outdir?: string): Promise<string>;
