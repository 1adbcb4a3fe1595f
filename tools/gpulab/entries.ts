/** @file Every entry point of every shader, as written and as each `// @variant` line in it says. */
import { pipelineSpec } from '../../src/kernels/launch/pipeline.ts';
import type { ShaderModule, Specialization } from '../../src/kernels/launch/shader.ts';
import * as shaders from '../../src/kernels/shaders.gen.ts';
import { type Job, jobOf } from './record.ts';

/** By shader; the engine's own text has no comments, and with them no variants. */
export type ShaderVariants = Readonly<Record<string, readonly Specialization[]>>;

/** Pipelines of all shaders. @throws Error for a shader without variants: it has one at least, itself */
export function entryPoints(variants: ShaderVariants): Job[] {
  const modules: readonly ShaderModule[] = Object.values(shaders);
  return modules.flatMap((shader) => {
    const of = variants[shader.name];
    if (!of) throw new Error(`shaders/${shader.name}.wgsl is gone: run "npm run shaders".`);
    const entries = Object.keys(shader.entries);
    return entries.flatMap((entry) => of.map((one) => jobOf(pipelineSpec(shader, entry, one))));
  });
}
