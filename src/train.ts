#!/usr/bin/env node
/** @file The program behind `npm start`: without arguments the whole embedded job; `pretrain` for everything else. */
import { isMainThread } from 'node:worker_threads';
import { ConfigError } from './base/errors.ts';
import { CommandLine } from './commands/commandline.ts';
import { runWithTerminal } from './commands/experiment.ts';
import { endAsOutputEnds, fail } from './commands/fail.ts';
import { addPretrain } from './commands/pretrain.ts';
import { expectAlone } from './commands/ranks.ts';
import { runTraining } from './commands/training.ts';
import { embeddedExperiment } from './run/experiment/embedded.ts';
import { embeddedDefault, pretraining } from './run/job.ts';
import { threadWork } from './run/threads.node.ts';

/** Throws ConfigError for options of the whole job before a command, which has its own. */
function expectNone(program: CommandLine, command: string): void {
  const given = program.options.find(
    (option) => program.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (!given) return;
  throw new ConfigError(`command line: ${given.long} stands before ${command}. Put it behind.`);
}

async function main(): Promise<void> {
  const worker = new URL(import.meta.url);
  const program = new CommandLine('train');
  program.hook('preAction', (_, command) => {
    expectAlone(command.name());
    if (command !== program) expectNone(program, command.name());
  });
  program.description(
    'Trains U-Nets on anatomy-oriented MR by self-supervision. Without a command: makes phantom cohorts, pretrains, fine-tunes with and without, and reports whether it helped.',
  );
  program
    .option('--out <folder>', 'where its runs go', 'runs/start')
    .option('--profile', 'only pretrain, and print the time of a step by kernel')
    .action(({ out, profile }: { readonly out: string; readonly profile?: boolean }) =>
      profile
        ? runTraining(pretraining, embeddedDefault, { profile }, worker)
        : runWithTerminal(embeddedExperiment(), out, {}, worker),
    );
  addPretrain(program, worker);
  await program.parseAsync();
}

if (isMainThread) {
  endAsOutputEnds();
  await main().catch(fail);
} else await threadWork();
