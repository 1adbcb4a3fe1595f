/** @file Builds the benchmark programs into dist/bench and runs the one that prints the tables. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildBench } from './bench-build.mjs';

await import(pathToFileURL(join(await buildBench(), 'main.js')).href);
