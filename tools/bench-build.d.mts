/** @file Types of bench-build.mjs for the tests. */
export function buildBench(outdir?: string): Promise<string>;
