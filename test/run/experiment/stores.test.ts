/** @file Stores of an experiment's data: one process prepares them, also those that are damaged. */
import { truncateSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import type { TrainingData } from '../../../src/data/types.ts';
import { type RunConfig, resolveConfig } from '../../../src/run/config.ts';
import { joinedSubjects, prepared } from '../../../src/run/experiment/stores.node.ts';
import { useFolder } from '../../commands/terminal.ts';

const at = useFolder();
const all = ({ pixels }: TrainingData) => pixels.subarray(0, pixels.length).slice();
const phantom = { subjects: 3, phases: 1, size: 32, seed: 4 };
const config = resolveConfig({ size: 16, spacingMm: 12, phantom }) as RunConfig;

it.each([
  ['of one cohort', prepared],
  [
    'of two cohorts',
    (own: RunConfig, folder: string, options: Parameters<typeof prepared>[2]) =>
      joinedSubjects(own, { seed: 5, subjects: 2 }, folder, options),
  ],
] as const)('a damaged store %s is made again by one process, for which others wait', async (name, open) => {
  const onWarning = vi.fn<(message: string) => void>();
  const options = { onWarning, worker: null, startStage: () => ({ update() {}, end() {} }) };
  const folder = at(name);
  const { store, data } = await open(config, folder, options);
  const before = all(data);
  expect(onWarning).not.toHaveBeenCalled();
  truncateSync(`${store}/pixels.f32.bin`, 100);
  await writeFile(`${folder}/running.json`, JSON.stringify({ host: 'elsewhere', pid: 1 }));
  const again = open(config, folder, options);
  await vi.waitFor(() => expect(onWarning).toHaveBeenCalled(), 10_000);
  expect(onWarning.mock.calls).toEqual([[expect.stringContaining('Waiting for data: ')]]);
  await rm(`${folder}/running.json`);
  const made = (await again).data;
  expect(made.manifest).toEqual(data.manifest);
  expect(all(made)).toEqual(before);
  expect(onWarning.mock.calls.slice(1)).toEqual([[expect.stringMatching(/pixels.*Preparing again\.$/)]]);
});
