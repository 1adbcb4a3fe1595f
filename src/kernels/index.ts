/** @file Every op of the engine, one line each. */
export * from './binary.ts';
export * from './reshape.ts';
export * from './unary.ts';
