import type { Plugin } from 'esbuild';

export function buildPage(outdir?: string, plugins?: readonly Plugin[]): Promise<string>;
