/** @file The losses of a step: a forward pass for each stream, a loss for each task, their weighted sum. */
import * as ops from '../autograd/ops.ts';
import type { BodyMode } from '../models/body.ts';
import type { HeadedNetwork, Outputs } from '../models/headed.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { PlannedTask } from './plan.ts';
import type { StreamInputs, StreamStep } from './streaminputs.ts';

export type StepTensors = Readonly<{ loss: Tensor } & Record<string, Tensor>>;

/** A task's column: no task is called as a column of the trainer's is. */
export const columnOf = (task: string): string => `task ${task}`;

/** What takes part in a step. */
export interface Pass {
  readonly network: HeadedNetwork;
  readonly tasks: readonly PlannedTask[];
  readonly streams: readonly StreamInputs[];
}

/** The second of the two numbers that a training step's draws follow from: seed and step. */
const numberOf = ({ random }: BodyMode): Tensor | null =>
  random ? ops.cast(ops.slice(random, 1, 2), 'f32') : null;

/** The weighted sum of the tasks' losses, and each. @param onStream told of the outputs of each stream's forward pass */
export function lossesOf(
  { network, tasks, streams }: Pass,
  stepOf: (stream: StreamInputs) => StreamStep,
  mode: BodyMode,
  onStream: (stream: StreamInputs, output: Outputs) => unknown = () => {},
): StepTensors {
  const terms = new Map<PlannedTask, Tensor>();
  for (const [i, stream] of streams.entries()) {
    const { seen, ...step } = stepOf(stream);
    const heads = stream.tasks.flatMap(({ part }) => part.heads);
    const { output } = network.run(seen, { ...mode, again: i > 0 }, heads);
    onStream(stream, output);
    const number = () => numberOf(mode);
    for (const planned of stream.tasks)
      terms.set(planned, planned.part.loss({ out: output, number, ...step }));
  }
  const weighted = tasks.map((planned) => {
    const term = terms.get(planned)!;
    return planned.weight === 1 ? term : ops.affine(term, planned.weight);
  });
  const named = tasks.map((planned) => [columnOf(planned.task.name), terms.get(planned)!]);
  return { loss: weighted.reduce((total, term) => ops.add(total, term)), ...Object.fromEntries(named) };
}
