/** @file What shaders that gather are bound to, and how they find a tap's weight. */
import type { Gather, GatherTensors } from './gather.ts';

/** Shaders without bias still have the binding: the weight stands in for it. */
export function bindingsOf({ x, weight, bias, y }: GatherTensors) {
  return { x, w: weight, bias: bias ?? weight, y };
}

/** How the weight's index moves; transposed, the kernel is turned, so that both directions are one pipeline. */
export function weightSteps({ k, m, transposed }: Gather) {
  return transposed
    ? { weightOrigin: 8 * k * m, weightTap: -k * m, weightK: 1, weightM: k }
    : { weightOrigin: 0, weightTap: k * m, weightK: m, weightM: 1 };
}
