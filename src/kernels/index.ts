/** @file Every op of the engine, one line each. */
export * from './avgPool2d.ts';
export * from './batchNorm.ts';
export * from './binary.ts';
export * from './conv2d.ts';
export * from './copy.ts';
export * from './dropout.ts';
export * from './elementLoss.ts';
export * from './lineHeatmap.ts';
export * from './matmul.ts';
export * from './maxPool2d.ts';
export * from './reduce.ts';
export * from './reshape.ts';
export * from './unary.ts';
export * from './upsample.ts';
export * from './warp.ts';
