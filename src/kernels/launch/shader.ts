/** @file What the build knows of a shader, the TypeScript types that follow from it, and specialisation of its text. */
import { ShapeError } from '../../base/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** A storage buffer of a shader: `@binding(binding) var<storage, access> name`. */
export interface ShaderBinding {
  readonly name: string;
  readonly binding: number;
  readonly access: 'read' | 'read_write';
}

/** A parameter block: its members' types, in order; they are scalars, vec2s and vec4s of four bytes a component. */
export interface ShaderParams {
  readonly binding: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** An entry point: what it touches. */
export interface ShaderEntry {
  readonly bindings: readonly ShaderBinding[];
  readonly params: ShaderParams | null;
}

/** One reflected .wgsl file. */
export interface ShaderModule {
  readonly name: string;
  /** Its text in parts, some of which other shaders share. */
  readonly source: readonly string[];
  readonly entries: Readonly<Record<string, ShaderEntry>>;
}

/** Tensors by the name the shader gives their binding. */
export type BindingsOf<E extends ShaderEntry> = { readonly [K in E['bindings'][number]['name']]: Tensor };

/** Values of the shader's uniform parameters. */
export type ParamsOf<E extends ShaderEntry> = E['params'] extends ShaderParams
  ? {
      readonly [K in keyof E['params']['fields']]: E['params']['fields'][K] extends `vec${string}`
        ? readonly number[]
        : number;
    }
  : Record<string, never>;

/** Values for a shader's `override`, `const` and `alias` lines. */
export interface Specialization {
  readonly overrides?: Readonly<Record<string, number>>;
  readonly consts?: Readonly<Record<string, string | number>>;
  readonly aliases?: Readonly<Record<string, string>>;
  /** Lanes that its subgroups must have, on devices where they could have others. */
  readonly lanes?: number;
}

/** The shader's text. */
export function textOf({ source }: ShaderModule): string {
  return source.join('\n');
}

/** The shader's text with its `const` and `alias` lines rewritten, and the lanes of its subgroups said. */
export function specialize(
  shader: ShaderModule,
  { consts = {}, aliases = {}, lanes }: Specialization,
): string {
  let source = textOf(shader);
  for (const [name, value] of Object.entries(consts)) {
    source = source.replace(new RegExp(`^(const ${name}[^=]*=\\s*)[^;]+;`, 'm'), `$1${value};`);
  }
  for (const [name, type] of Object.entries(aliases)) {
    source = source.replace(new RegExp(`^(alias ${name}\\s*=\\s*)[^;]+;`, 'm'), `$1${type};`);
  }
  const usesHalf = Object.values(aliases).some((type) => /\bf16\b|vec\dh/.test(type));
  if (lanes) {
    const sized = source.replace(/^@compute /gm, `@compute @subgroup_size(${lanes}) `);
    source = `enable subgroup_size_control;\n${sized}`;
  }
  return usesHalf ? `enable f16;\n${source}` : source;
}

/** Bytes of a parameter, at multiples of which it lies, too. */
function bytesOf(type: string): number {
  return 4 * Number(/^vec(\d)/.exec(type)?.[1] ?? 1);
}

function writeNumber(view: DataView, at: number, type: string, value: number): void {
  if (/f32|vec\df/.test(type)) view.setFloat32(at, value, true);
  else if (/i32|vec\di/.test(type)) view.setInt32(at, value, true);
  else view.setUint32(at, value, true);
}

interface Layout {
  readonly bytes: number;
  readonly places: readonly { readonly name: string; readonly type: string; readonly offset: number }[];
}

const layouts = new WeakMap<ShaderParams, Layout>();

function layoutOf(params: ShaderParams): Layout {
  const known = layouts.get(params);
  if (known) return known;
  let end = 0;
  const places = Object.entries(params.fields).map(([name, type]) => {
    const size = bytesOf(type);
    const offset = Math.ceil(end / size) * size;
    end = offset + size;
    return { name, type, offset };
  });
  const layout = { bytes: Math.ceil(end / 16) * 16, places };
  layouts.set(params, layout);
  return layout;
}

/** The bytes of a parameter block as the shader lays it out. @throws ShapeError naming `call` where a value is missing */
export function packParams(
  params: ShaderParams,
  values: Readonly<Record<string, number | readonly number[]>>,
  call = 'packParams',
): Uint8Array {
  const { bytes, places } = layoutOf(params);
  const view = new DataView(new ArrayBuffer(bytes));
  for (const { name, type, offset } of places) {
    const value = values[name];
    if (value === undefined) throw new ShapeError(call, name, 'is missing', `Give the ${type}.`);
    const list = typeof value === 'number' ? [value] : value;
    for (const [index, component] of list.entries()) writeNumber(view, offset + 4 * index, type, component);
  }
  return new Uint8Array(view.buffer);
}
