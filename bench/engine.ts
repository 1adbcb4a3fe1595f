/** @file Planewise as an engine of the step benchmark; a process of its own. */
import { openProgramDevice } from '../src/run/device.node.ts';
import { trainStep } from './network.ts';
import { type Engine, type Job, serve } from './serve.ts';

/** Counts what reaches the device's queue. */
function countSubmits(queue: GPUQueue): () => number {
  let submits = 0;
  const submit = queue.submit.bind(queue);
  queue.submit = (buffers) => {
    submits++;
    submit(buffers);
  };
  return () => submits;
}

async function start({ sizes, precision, tuneMs }: Job): Promise<Engine> {
  const device = await openProgramDevice({ precision });
  const train = await trainStep(device, sizes, precision, tuneMs);
  const submits = countSubmits(device.gpu.queue);
  let submitsPerStep = 0;
  return {
    async step(index) {
      const before = [performance.now(), submits()] as const;
      train.run(index);
      const jsMs = performance.now() - before[0];
      submitsPerStep = submits() - before[1];
      return { loss: await train.captured.outputs.loss.item(), jsMs };
    },
    facts: () => ({
      parameters: train.parameters,
      dispatches: train.captured.launchCount,
      submits: submitsPerStep,
      ...train.captured.memory,
    }),
  };
}

serve(start);
