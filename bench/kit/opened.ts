/** @file Opens the device that the environment asks for and prints what it is and can do, as JSON: one attempt of the kit's. */
import { openProgramDevice } from '../../src/run/device.node.ts';
import type { Caps } from '../../src/tensor/device.ts';

/** What was opened. */
export interface Opened {
  readonly caps: Caps;
  readonly info: Readonly<Record<string, unknown>>;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** Properties of WebGPU's objects are their prototypes'. */
function plain(value: object): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const key in value) {
    const one = (value as Record<string, unknown>)[key];
    if (['string', 'number', 'boolean'].includes(typeof one)) found[key] = one;
  }
  return found;
}

const device = await openProgramDevice({});
const { caps, gpu } = device;
const { subgroupMatrixConfigs = [] } = gpu.adapterInfo as { subgroupMatrixConfigs?: Iterable<object> };
const opened: Opened = {
  caps,
  info: { ...plain(gpu.adapterInfo), subgroupMatrixConfigs: [...subgroupMatrixConfigs].map(plain) },
  features: [...gpu.features].sort(),
  limits: plain(gpu.limits) as Record<string, number>,
};
console.log(JSON.stringify(opened));
device.dispose();
