/** @file Shaders of programs that use the library: what the build knows of its own is read off their text here. */
import { ShapeError } from '../../base/errors.ts';
import type { ShaderEntry, ShaderModule } from './shader.ts';

/** A shader as `launch` takes it, with the names of the bindings of each entry point as types. */
export interface DefinedShader<E extends Readonly<Record<string, readonly string[]>>> extends ShaderModule {
  readonly entries: { readonly [K in keyof E]: DefinedEntry<E[K][number]> };
}

/** An entry point whose bindings have these names; its parameters are scalars. */
export interface DefinedEntry<N extends string> extends ShaderEntry {
  readonly bindings: readonly {
    readonly name: N;
    readonly binding: number;
    readonly access: 'read' | 'read_write';
  }[];
  readonly params: { readonly binding: number; readonly fields: Readonly<Record<string, string>> };
}

const STORAGE = /@group\(0\)\s*@binding\((\d+)\)\s*var<storage(?:,\s*(read|read_write))?>\s*(\w+)\s*:/g;
const UNIFORM = /@group\(0\)\s*@binding\((\d+)\)\s*var<uniform>\s*\w+\s*:\s*(\w+)/;

function refused(name: string, argument: string, problem: string, fix: string): ShapeError {
  return new ShapeError(`defineShader(${JSON.stringify(name)})`, argument, problem, fix);
}

/** The members of the struct that the uniform block has as its type. */
function paramsOf(name: string, text: string): DefinedEntry<string>['params'] {
  const [, binding, type] = UNIFORM.exec(text) ?? [];
  const [, body] = new RegExp(`struct\\s+${type}\\s*\\{([^}]*)\\}`).exec(text) ?? [];
  if (binding === undefined || body === undefined) {
    const fix = 'Declare a struct of scalars and @group(0) @binding(n) var<uniform> of it.';
    throw refused(name, 'text', 'has no block of parameters', fix);
  }
  const members = body.split(',').map((member) => member.trim());
  const fields = members.filter(Boolean).map((member): [string, string] => {
    const [, field, scalar] = /^(\w+)\s*:\s*(u32|i32|f32)$/.exec(member) ?? [];
    if (!field || !scalar)
      throw refused(name, 'text', `has the parameter "${member}"`, 'Use u32, i32 or f32.');
    return [field, scalar];
  });
  return { binding: Number(binding), fields: Object.fromEntries(fields) };
}

/**
 * A shader of your own, for `launch` in an op of your own (an `Op`, run by `ops.apply`).
 * @param name for errors and profiles
 * @param text WGSL: storage buffers `@group(0) @binding(n) var<storage, read | read_write>`, one uniform struct of u32, i32
 * or f32, entry points of at least one workgroup
 * @param entries which storage buffers each entry point touches, by the names they have in the text
 * @throws ShapeError where the text has no such entry point, no such buffer or no block of parameters
 */
export function defineShader<const E extends Readonly<Record<string, readonly string[]>>>(
  name: string,
  text: string,
  entries: E,
): DefinedShader<E> {
  const plain = text.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g, ' ');
  const params = paramsOf(name, plain);
  const found = new Map<string, { readonly binding: number; readonly access: 'read' | 'read_write' }>();
  for (const [, binding, access, buffer] of plain.matchAll(STORAGE))
    found.set(buffer!, { binding: Number(binding), access: access === 'read_write' ? access : 'read' });
  const described = Object.entries(entries).map(([entry, buffers]) => {
    if (!new RegExp(`@compute[^;{}]*\\bfn\\s+${entry}\\s*\\(`).test(plain))
      throw refused(name, entry, 'is no entry point of the text', 'Give the name of a @compute function.');
    const bindings = buffers.map((buffer) => {
      const known = found.get(buffer);
      if (known) return { name: buffer, ...known };
      const names = [...found.keys()].join(', ') || 'none';
      throw refused(name, entry, `has the buffer ${JSON.stringify(buffer)}`, `Of the text: ${names}.`);
    });
    return [entry, { bindings, params }];
  });
  return { name, source: [text], entries: Object.fromEntries(described) };
}
