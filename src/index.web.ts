/** @file The public library in the browser: the device through navigator.gpu. */

export * as data from './data/index.ts';
export * from './library.ts';
export { type OpenOptions, openDevice } from './tensor/device.web.ts';
