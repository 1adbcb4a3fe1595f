/** @file The pretext tasks, one line each. */
export * from './location.ts';
export * from './multitask.ts';
export * from './orientation.ts';
export type * from './task.ts';
