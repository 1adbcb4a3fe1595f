/** @file Outputs for the validation images of the task whose figure chooses the best weights. */
import type { CapturedStep, StepOutputs } from '../autograd/step.ts';
import { samplesOf } from '../data/sample.ts';
import type { TrainingData } from '../data/types.ts';
import type { Outputs } from '../models/headed.ts';
import type { Head } from '../models/heads.ts';
import type { Figure, HostOutputs, Tally } from '../tasks/task.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Batches } from './losses.ts';
import type { Plan, PlannedTask } from './plan.ts';
import type { TrainConfig } from './settings.ts';

/** The task whose figure chooses the best weights: the first that has one; null where the loss does. */
export const choosingTask = (
  { chooseBy }: Pick<TrainConfig, 'chooseBy'>,
  { tasks }: Pick<Plan, 'tasks'>,
): PlannedTask | null =>
  (chooseBy === 'figure' && tasks.find(({ part }) => part.figure !== undefined)) || null;

/** Told of a validation's batches, one a stream: outputs for the examples that the choosing task's begins with. */
export type OnOutputs = (outputs: HostOutputs, batches: Batches) => void;

/** What a validation step calls a head's output. */
const nameOf = ({ path }: Head): string => `head ${path}`;

/** Outputs that a validation step keeps for the host to read. */
export class ChosenOutputs {
  readonly #chooser: PlannedTask | null;
  /** Of the batches, the choosing task's. */
  readonly #stream: number;

  constructor(config: TrainConfig, plan: Plan) {
    this.#chooser = choosingTask(config, plan);
    this.#stream = plan.streams.findIndex(({ tasks }) => tasks.includes(this.#chooser!));
  }

  /** What chooses; undefined where the loss does. */
  get figure(): Figure | undefined {
    return this.#chooser?.part.figure;
  }

  /** Of a stream's forward pass, by the name under which the step gives them. */
  of(tasks: readonly PlannedTask[], output: Outputs): Record<string, Tensor> {
    const heads = this.#chooser && tasks.includes(this.#chooser) ? this.#chooser.part.heads : [];
    return Object.fromEntries(heads.map((head) => [nameOf(head), output(head)]));
  }

  /** As the step leaves them that was launched last, on these batches. */
  async read(step: CapturedStep<StepOutputs>, batches: Batches): Promise<HostOutputs> {
    const { count, layout } = batches[this.#stream]!;
    const { heads } = this.#chooser!.part;
    const values = await Promise.all(
      heads.map(async (head) => {
        const read = (await step.outputs[nameOf(head)]!.read()) as Float32Array;
        return read.subarray(0, (read.length / layout.sizes.examples) * count);
      }),
    );
    return (head) => values[heads.indexOf(head)]!;
  }

  /** Hands outputs, with the samples they are for, to what counts them. */
  feeding(tally: Tally, data: TrainingData): OnOutputs {
    return (outputs, batches) => {
      const { indices, count, layout } = batches[this.#stream]!;
      const { views } = layout.sizes;
      const first = Array.from({ length: count }, (_, example) => indices[example * views]!);
      if (count > 0) tally.add(outputs, samplesOf(data, first));
    };
  }
}
