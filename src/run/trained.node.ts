/** @file Trained weights of a run or a file, opened in Node for as long as something uses them. */
import { bytesChecksum } from '../base/hash.ts';
import type { RunConfig } from './config.ts';
import { openProgramDevice } from './device.node.ts';
import { loadTrained, type Trained } from './trained.ts';
import { readFound } from './weights.node.ts';

export interface OpenTrained {
  readonly adapter?: RunConfig['adapter'];
  readonly say: (line: string) => void;
}

/** Opens a device, loads weights, and closes both when `use` is done, which is told the file's name and checksum too. */
export async function withTrained<T>(
  weights: string,
  { adapter, say }: OpenTrained,
  use: (trained: Trained, file: string, checksum: string) => Promise<T>,
): Promise<T> {
  const { file, bytes, notice } = await readFound(weights);
  if (notice) say(notice);
  const device = await openProgramDevice({ ...(adapter && { adapter }) });
  try {
    say(`Adapter: ${device.caps.description}`);
    const trained = await loadTrained(device, bytes, file);
    try {
      return await use(trained, file, bytesChecksum(bytes));
    } finally {
      trained.network.dispose();
    }
  } finally {
    device.dispose();
  }
}
