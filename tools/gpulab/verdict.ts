/** @file What counts against a device: spills and refusals, apart for what it runs by itself and for what was tried. */
import type { Compilation, PipelineResult } from './lab.ts';
import { precisions } from './precisions.ts';
import type { TargetName } from './targets.ts';

export interface Problem {
  readonly device: TargetName;
  readonly pipeline: string;
  readonly what: string;
  /** Whether the device runs it with no more than --precision. */
  readonly byItself: boolean;
}

function problemOf({ error, figures }: PipelineResult): string | null {
  if (!figures) return `refused: ${error}`;
  const { spills, fills, scratch } = figures;
  if (spills === 0 && !fills && !scratch) return null;
  const back = fills === null ? '' : `, ${fills} fills`;
  return `${spills} spills${back}${scratch === null ? '' : `, ${scratch} bytes of scratch`}`;
}

/** Spills and refusals of a device, what it runs by itself first. */
export function problemsOf({ device, steps, pipelines }: Compilation): Problem[] {
  const own = steps.filter(({ precision }) => precisions[precision].byItself);
  const run = new Set(own.flatMap(({ launches }) => launches.map(({ pipeline }) => pipeline)));
  const found = pipelines.flatMap((one): Problem[] => {
    const what = problemOf(one);
    return what ? [{ device, pipeline: one.name, what, byItself: run.has(one.name) }] : [];
  });
  return found.sort((a, b) => Number(b.byItself) - Number(a.byItself));
}
