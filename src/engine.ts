/** @file The engine in Node: `planewise/engine`, for networks of one's own; no data, tasks or training runs. */

export * from './core.ts';
export { loadWeights, saveWeights } from './models/weights.node.ts';
export { type Candidate, listCandidates } from './tensor/candidates.node.ts';
export { type AdapterChoice, type OpenOptions, openDevice } from './tensor/device.node.ts';
