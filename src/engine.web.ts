/** @file The engine in the browser: `planewise/engine`, which needs nothing but its own modules. */

export * from './core.ts';
export { type OpenOptions, openDevice } from './tensor/device.web.ts';
