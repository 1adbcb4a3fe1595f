#!/usr/bin/env node
/** @file The program `planewise`: reads the command line, runs one command, says what went wrong in one line. */
import { createRequire } from 'node:module';
import { fail } from './commands/fail.ts';
import { planewise } from './commands/program.ts';

// A reader such as `head` may leave before the end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
// The training program doubles as the module of its threads.
const worker = new URL('./train.js', import.meta.url);
await planewise(version, worker).parseAsync().catch(fail);
