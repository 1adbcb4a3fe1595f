/** @file The public library in Node: the engine with its device, and data, tasks, training and runs on disk. */

export * as data from './data/index.node.ts';
export * from './engine.ts';
export * from './library.ts';
export { DiskFiles } from './train/runfiles.node.ts';
