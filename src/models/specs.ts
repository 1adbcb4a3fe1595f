/** @file Layers as networks list them: `layers.conv2d({ … })` is what declares the layer and gives it. */
export * from './specs/activations.ts';
export * from './specs/linear.ts';
export * from './specs/norms.ts';
export * from './specs/sequential.ts';
export * from './specs/shapes.ts';
