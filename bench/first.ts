/** @file A program that opens a device and does one train step, and tells its parent when each stage was over. */
import type { ConfigName } from './network.ts';
import type { Stages } from './startup.ts';

// Loaded when their turn comes, so that each is timed.
const ended: number[] = [performance.now()];
const end = () => ended.push(performance.now());

const [{ openDevice }, { sizesOf, trainStep }] = await Promise.all([
  import('../src/tensor/device.node.ts'),
  import('./network.ts'),
]);
end();
const device = await openDevice();
end();
const sizes = sizesOf(process.argv[2] as ConfigName, device.caps.software).at(-1)!;
const train = await trainStep(device, sizes);
end();
train.run(1);
await train.captured.outputs.loss.item();
end();
const [node, modules, opened, captured, stepped] = ended.map((ms, i) => ms - (ended[i - 1] ?? 0));
const stages: Stages = {
  node: node!,
  modules: modules!,
  device: opened!,
  capture: captured!,
  step: stepped!,
  total: ended.at(-1)!,
};
process.send?.(stages);
train.dispose();
device.dispose();
process.disconnect?.();
