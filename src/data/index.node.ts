/** @file The data layer for Node: everything of index.ts, and files on disk. */

export { fileError, listFiles, readBytes, writeFiles } from './files/files.node.ts';
export * from './index.ts';
export { openStore, writeStore } from './store.node.ts';
