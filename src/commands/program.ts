/** @file The program `planewise` with all its commands. */
import { CommandLine } from './commandline.ts';
import { addCompare } from './compare.ts';
import { addDevices } from './devices.ts';
import { addEvaluate } from './evaluate.ts';
import { addExperiment } from './experiment.ts';
import { addFinetune } from './finetune.ts';
import { addExample } from './help.ts';
import { addJoin } from './join.ts';
import { addLabels } from './labels.ts';
import { addPhantom } from './phantom.ts';
import { addPlan } from './plan.ts';
import { addPredict } from './predict.ts';
import { addPrepare } from './prepare.ts';
import { addPretrain } from './pretrain.ts';
import { expectAlone } from './ranks.ts';
import { addTune } from './tune.ts';
import { addWeb } from './web.ts';
import { addWeights } from './weights.ts';

/** @param worker the module that does the work of threads when it is not the main one, null for no threads */
export function planewise(version: string, worker: URL | null): CommandLine {
  const program = new CommandLine('planewise').version(version);
  program.hook('preAction', (_, command) => expectAlone(command.name()));
  program.description('Trains U-Nets on anatomy-oriented MR by self-supervision, on WebGPU.');
  addExample(program, 'pretrain --data study/ --out runs/first');
  for (const add of [
    ...[addDevices, addLabels, addPrepare, addJoin, addPhantom, addTune],
    ...[addPlan, addPredict, addEvaluate, addCompare, addWeights, addWeb],
    ...[addPretrain, addFinetune, addExperiment],
  ])
    add(program, worker);
  return program;
}
