/** @file The public library in Node: the device through Dawn, and data, weights and runs on disk. */

export * as data from './data/index.node.ts';
export * from './library.ts';
export { loadWeights, saveWeights } from './models/weights.node.ts';
export {
  type AdapterChoice,
  type Candidate,
  listCandidates,
  type OpenOptions,
  openDevice,
} from './tensor/device.node.ts';
export { DiskFiles } from './train/runfiles.node.ts';
