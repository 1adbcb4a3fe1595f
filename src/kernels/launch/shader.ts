/** @file What the build knows of a shader, the TypeScript types that follow from it, and specialisation of its text. */
import type { Tensor } from '../../tensor/tensor.ts';

interface ShaderBinding {
  readonly name: string;
  readonly binding: number;
  readonly access: 'read' | 'read_write';
}

interface ShaderParams {
  readonly binding: number;
  readonly size: number;
  readonly fields: Readonly<Record<string, { readonly offset: number; readonly type: string }>>;
}

export interface ShaderEntry {
  readonly bindings: readonly ShaderBinding[];
  readonly params: ShaderParams | null;
}

/** One reflected .wgsl file. */
export interface ShaderModule {
  readonly name: string;
  readonly source: string;
  readonly entries: Readonly<Record<string, ShaderEntry>>;
  readonly overrides: Readonly<Record<string, string>>;
  readonly consts: Readonly<Record<string, string>>;
  readonly aliases: Readonly<Record<string, string>>;
}

/** Tensors by the name the shader gives their binding. */
export type BindingsOf<E extends ShaderEntry> = { readonly [K in E['bindings'][number]['name']]: Tensor };

/** Values of the shader's uniform parameters. */
export type ParamsOf<E extends ShaderEntry> = E['params'] extends ShaderParams
  ? {
      readonly [K in keyof E['params']['fields']]: E['params']['fields'][K]['type'] extends `vec${string}`
        ? readonly number[]
        : number;
    }
  : Record<string, never>;

/** Values for a shader's `override`, `const` and `alias` lines. */
export interface Specialization {
  readonly overrides?: Readonly<Record<string, number>>;
  readonly consts?: Readonly<Record<string, string | number>>;
  readonly aliases?: Readonly<Record<string, string>>;
}

/** The shader's text with its `const` and `alias` lines rewritten. */
export function specialize(shader: ShaderModule, { consts = {}, aliases = {} }: Specialization): string {
  let source = shader.source;
  for (const [name, value] of Object.entries(consts)) {
    source = source.replace(new RegExp(`^(const ${name}[^=]*=\\s*)[^;]+;`, 'm'), `$1${value};`);
  }
  for (const [name, type] of Object.entries(aliases)) {
    source = source.replace(new RegExp(`^(alias ${name}\\s*=\\s*)[^;]+;`, 'm'), `$1${type};`);
  }
  const usesHalf = Object.values(aliases).some((type) => /\bf16\b|vec\dh/.test(type));
  return usesHalf ? `enable f16;\n${source}` : source;
}

/** The bytes of a parameter block as the shader lays it out. */
export function packParams(
  params: ShaderParams,
  values: Readonly<Record<string, number | readonly number[]>>,
): Uint8Array {
  const view = new DataView(new ArrayBuffer(Math.ceil(params.size / 16) * 16));
  for (const [name, { offset, type }] of Object.entries(params.fields)) {
    const value = values[name];
    const list = typeof value === 'number' ? [value] : (value ?? []);
    for (const [index, component] of list.entries()) {
      const at = offset + 4 * index;
      if (/f32|vec\df/.test(type)) view.setFloat32(at, component, true);
      else if (/i32|vec\di/.test(type)) view.setInt32(at, component, true);
      else view.setUint32(at, component, true);
    }
  }
  return new Uint8Array(view.buffer);
}
