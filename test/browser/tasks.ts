/** @file Short trainings of every task, whose losses and weights must have the same bits wherever they run on the same adapter. */
import { openDevice } from '#device';
import { bytesChecksum } from '../../src/base/hash.ts';
import { decodeWeights } from '../../src/models/weights.ts';
import type { StepMetrics } from '../../src/results/losses.ts';
import { train } from '../../src/run/training.ts';
import { tasks } from '../../src/tasks/index.ts';
import { MemoryFiles, readText } from '../../src/train/runfiles.ts';
import { metricsFile, parseRecords } from '../../src/train/runlog.ts';
import { weightsFile } from '../../src/train/weightsfile.ts';
import { cohortOf, configOf, rich } from '../tasks/every.ts';
import { plainKernels } from '../train/tiny.ts';

export interface TaskResult {
  readonly task: string;
  readonly losses: readonly (number | null)[];
  /** Of each weight's bytes, by name. */
  readonly weights: Readonly<Record<string, string>>;
}

const checksumOf = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  bytesChecksum(new Uint8Array(buffer, byteOffset, byteLength));

/** Trains each task for 20 steps, all on one device. */
export async function trainedTasks(): Promise<TaskResult[]> {
  const device = await openDevice(plainKernels);
  const data = cohortOf(rich);
  const results: TaskResult[] = [];
  try {
    for (const task of tasks) {
      const files = new MemoryFiles();
      await train({ device, data, config: configOf([task], 20), files });
      const rows = parseRecords<StepMetrics>((await readText(files, metricsFile))!, metricsFile);
      const { state } = decodeWeights(files.files.get(weightsFile)!, weightsFile);
      results.push({
        task: task.name,
        losses: rows.map(({ loss }) => loss ?? null),
        weights: Object.fromEntries([...state].map(([name, { values }]) => [name, checksumOf(values)])),
      });
    }
    return results;
  } finally {
    device.dispose();
  }
}
