/** @file What a shader's text says of how it is run. */
import type { Specialization } from '../../src/kernels/launch/shader.ts';

/** A literal, a constant or an override by name. */
function numberIn(code: string, constants: Specialization['overrides'], text: string): number {
  const name = text.trim();
  const literal = /^(\d+)u?$/.exec(name)?.[1];
  if (literal) return Number(literal);
  const declared = new RegExp(`^(?:const|override) ${name}\\b[^=]*=\\s*([^;]+);`, 'm').exec(code)?.[1];
  const value = constants?.[name];
  if (value !== undefined) return value;
  if (declared === undefined) throw new Error(`The shader does not say what ${name} is.`);
  return numberIn(code, constants, declared);
}

/** Invocations in a workgroup of an entry point. @throws Error where the text does not say it */
export function invocationsOf(code: string, entry: string, constants: Specialization['overrides']): number {
  const size = new RegExp(`@workgroup_size\\(([^)]*)\\)\\s*fn ${entry}\\b`).exec(code)?.[1];
  if (size === undefined) throw new Error(`No entry point ${entry} with a workgroup size.`);
  return size.split(',').reduce((product, one) => product * numberIn(code, constants, one), 1);
}

/** Terms of its sums that a product does a round: the constant DEPTH, 16 where there is none. */
export function roundDepthOf(code: string): number {
  return Number(/^const DEPTH: u32 = (\d+)u;/m.exec(code)?.[1] ?? 16);
}
