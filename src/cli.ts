#!/usr/bin/env node
/** @file The program `planewise`: reads the command line, runs one command, says what went wrong in one line. */
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { addDevices } from './commands/devices.ts';
import { addEvaluate } from './commands/evaluate.ts';
import { addExperiment } from './commands/experiment.ts';
import { fail } from './commands/fail.ts';
import { addFinetune } from './commands/finetune.ts';
import { addLabels } from './commands/labels.ts';
import { addPhantom } from './commands/phantom.ts';
import { addPlan } from './commands/plan.ts';
import { addPredict } from './commands/predict.ts';
import { addPrepare } from './commands/prepare.ts';
import { addPretrain } from './commands/pretrain.ts';
import { expectAlone } from './commands/ranks.ts';
import { addTune } from './commands/tune.ts';
import { addWeb } from './commands/web.ts';
import { addWeights } from './commands/weights.ts';

// A reader such as `head` may leave before the end.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
const program = new Command('planewise').version(version);
program.hook('preAction', (_, command) => expectAlone(command.name()));
program.description('Trains U-Nets on anatomy-oriented MR by self-supervision, on WebGPU.');
for (const add of [
  addDevices,
  addLabels,
  addPrepare,
  addPhantom,
  addTune,
  addPlan,
  addPredict,
  addEvaluate,
  addWeights,
  addWeb,
])
  add(program);
// The training program doubles as the module of its threads.
const worker = new URL('./train.js', import.meta.url);
addPretrain(program, worker);
addFinetune(program, worker);
addExperiment(program, worker);
await program.parseAsync().catch(fail);
