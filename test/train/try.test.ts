import { expect, it } from 'vitest';
import { train } from '../../src/run/training.ts';
import { MemoryFiles, readText } from '../../src/train/runfiles.ts';
import { useDevice } from '../device.ts';
import { memoryRanks } from './memorywire.ts';
import { plainKernels, tinyConfig, tinyData } from './tiny.ts';
import { decodeSafetensors } from '../../src/models/safetensors.ts';
const device = useDevice(plainKernels);
const data = tinyData();
async function run(n: number, given: object) {
  const config = tinyConfig(given);
  const comms = n === 1 ? [undefined] : memoryRanks(n);
  const files = comms.map(() => new MemoryFiles());
  await Promise.all(comms.map((comm, i) => train({ device: device(), data, config, files: files[i]!, ...(comm && { comm }) })));
  const { tensors } = decodeSafetensors(files[0]!.files.get('checkpoint.safetensors')!, 'x');
  return new Map([...tensors].map(([k, v]) => [k, new Float32Array(v.bytes.slice().buffer)]));
}
it('x', async () => {
  const [a, b] = [await run(1, { syncBatchNorm: true, steps: 1 }), await run(2, { syncBatchNorm: true, steps: 1 })];
  for (const [k, v] of a) { const d = Math.max(...v.map((x, i) => Math.abs(x - b.get(k)![i]!))); if (d > 1e-6) console.log(k, d, v.slice(0, 4), b.get(k)!.slice(0, 4)); }
});
