/** @file `pretrain`: trains on a DICOM folder, a prepared store or a phantom cohort, evaluates, writes a report. */
import type { Command } from 'commander';
import { pretraining } from '../run/job.ts';
import { addTraining } from './training.ts';

const about =
  'train on anatomy-oriented MR by self-supervision, evaluate on held-out subjects, write a report';

const example = 'pretrain --data study/ --out runs/first --steps 2000 --seed 7';

/** Adds the command. `worker`: the module that calls `cohortWorker` in a thread, null for no threads. */
export function addPretrain(program: Command, worker: URL | null): void {
  addTraining(program, pretraining, { about, example }, worker);
}
