/** @file Types of shaders.mjs for the tests. */
import type { Asked, Judged } from './source.d.mts';

export function mutateShaders(asked: Asked): Promise<Judged>;
