/** @file The public library in the browser: the engine on navigator.gpu, and data, tasks and training. */

export * as data from './data/index.ts';
export * from './engine.web.ts';
export * from './library.ts';
