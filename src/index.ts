/** @file The public library in Node: the device through Dawn, and data from the file system. */

export * as data from './data/index.node.ts';
export * from './library.ts';
export {
  type AdapterChoice,
  type Candidate,
  listCandidates,
  type OpenOptions,
  openDevice,
} from './tensor/device.node.ts';
