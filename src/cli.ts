#!/usr/bin/env node
/** @file The program `planewise`: reads the command line, runs one command, says what went wrong in one line. */
import { createRequire } from 'node:module';
import { endAsOutputEnds, fail } from './commands/fail.ts';
import { planewise } from './commands/program.ts';

endAsOutputEnds();
const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
// The training program doubles as the module of its threads.
const worker = new URL('./train.js', import.meta.url);
await planewise(version, worker).parseAsync().catch(fail);
