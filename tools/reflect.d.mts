/** @file Types of reflect.mjs for the tests. */
import type { ShaderModule } from '../src/kernels/launch/shader.ts';

export function reflectSource(name: string, source: string): ShaderModule;
