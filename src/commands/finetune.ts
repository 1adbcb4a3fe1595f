/** @file `finetune`: trains on images with masks or groups from the weights of a run or from none, evaluates, writes a report. */
import type { Command } from 'commander';
import { fineTuning } from '../run/job.ts';
import { addTraining } from './training.ts';

const about =
  'train on annotated images, a folder laid out as ACDC or MRNet or a store, from the weights of a pretraining (--init) or from none; evaluate on held-out subjects, write a report';

const example = 'finetune --data acdc/ --labelled 5 --init runs/first --out runs/heart';

/** Adds the command. `worker`: the module that calls `cohortWorker` in a thread, null for no threads. */
export function addFinetune(program: Command, worker: URL | null): void {
  addTraining(program, fineTuning, { about, example }, worker);
}
