/** @file The report of a run in the browser: held-out subjects evaluated, everything in one HTML file. */
import { renderReport } from '../../src/report/report.ts';
import { trainConfigOf } from '../../src/run/config.ts';
import { evaluateRun } from '../../src/run/evaluate.ts';
import { planRun } from '../../src/run/plan.ts';
import { reportInput } from '../../src/run/report.ts';
import type { Device } from '../../src/tensor/device.ts';
import { splitOf } from '../../src/train/dataset.ts';
import type { Busy, RunInfo } from '../protocol.ts';
import { adapterName } from './adapter.ts';
import { configOf } from './forms.ts';
import { pseudonymousData } from './identifiers.ts';
import type { RunData, Training } from './training.ts';

/** Evaluates a run and renders its report, in which people go by pseudonyms. Throws FileError where the run has no weights yet. */
export async function reportOf(
  device: Device,
  training: Training,
  run: RunInfo,
  given: RunData,
  onBusy: (busy: Busy) => void,
): Promise<string> {
  const data = given.people ? await pseudonymousData(given.data) : given.data;
  const config = trainConfigOf(configOf(run.form, data.manifest, run.model));
  const split = splitOf(data, config, planRun(config, data.manifest));
  const evaluation = await evaluateRun(device, data, split, training.files, {
    batch: config.batch,
    onProgress: (done, total) =>
      onBusy({ what: 'Evaluating', done, total, detail: `${done} of ${total} images` }),
  });
  return renderReport(
    reportInput({
      kind: 'Training',
      config,
      data,
      split,
      name: given.people ? 'a folder' : run.dataName,
      adapter: { name: run.adapter || adapterName(device), software: device.caps.software },
      timings: [{ name: 'Training', seconds: training.seconds }],
      metrics: await training.metrics(),
      validation: await training.validation(),
      evaluation,
    }),
  );
}
