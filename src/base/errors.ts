/** @file Every error planewise throws on purpose: one class per mistake, each message says what to do. */
export { PlanewiseError } from './errors/base.ts';
export * from './errors/data.ts';
export * from './errors/engine.ts';
export * from './errors/runs.ts';
