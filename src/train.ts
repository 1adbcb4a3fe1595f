#!/usr/bin/env node
/** @file The program behind `npm start`: without arguments the whole embedded job; `pretrain` for everything else. */
import { isMainThread } from 'node:worker_threads';
import { Command } from 'commander';
import { PlanewiseError } from './base/errors.ts';
import { note } from './commands/output.ts';
import { addPretrain } from './commands/pretrain.ts';
import { runTraining } from './commands/training.ts';
import { cohortWorker } from './run/cohort.node.ts';
import { embeddedDefault, pretraining } from './run/job.ts';

function fail(error: unknown): void {
  const expected = error instanceof PlanewiseError && !process.env.DEBUG;
  const text = error instanceof Error ? (expected ? error.message : error.stack) : String(error);
  note(`planewise: ${text}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const worker = new URL(import.meta.url);
  const program = new Command('train');
  program.description(
    'Trains U-Nets on anatomy-oriented MR by self-supervision. Without a command: makes a phantom cohort, trains on it, evaluates and reports.',
  );
  program
    .option('--profile', 'after training, print the time of a step by kernel and write trace.json')
    .action(({ profile }: { readonly profile?: boolean }) =>
      runTraining(pretraining, embeddedDefault, profile ? { profile } : {}, worker),
    );
  addPretrain(program, worker);
  await program.parseAsync();
}

await (isMainThread ? main().catch(fail) : cohortWorker());
