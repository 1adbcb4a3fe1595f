/** @file Shaders of programs that use the library: what the build knows of its own is read off their text here. */
import { ShapeError } from '../../base/errors.ts';
import { isRecord } from '../../base/record.ts';
import { Device } from '../../tensor/device.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { describe, expectWhole } from '../checks.ts';
import { type Grid, launch, linearGrid } from './queue.ts';
import type { BindingsOf, ParamsOf, ShaderEntry, ShaderModule } from './shader.ts';

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

function expectDefinition(name: unknown, text: unknown, entries: unknown): void {
  for (const [argument, value] of Object.entries({ name, text }))
    if (typeof value !== 'string')
      throw new ShapeError('defineShader', argument, `is ${describe(value)}`, 'A string is needed.');
  const lists = isRecord(entries) ? Object.values(entries) : [];
  if (
    lists.length === 0 ||
    !lists.every((list) => Array.isArray(list) && list.every((one) => typeof one === 'string'))
  )
    throw new ShapeError(
      'defineShader',
      'entries',
      `is ${describe(entries)}`,
      'An object is needed that has the names of buffers for each entry point.',
    );
}

/**
 * A shader of your own, for `launch` in an op of your own (an `Op`, run by `ops.apply`).
 * @param name for errors and profiles
 * @param text WGSL: storage buffers `@group(0) @binding(n) var<storage, read | read_write>`, one uniform struct of u32, i32
 * or f32, entry points of at least one workgroup
 * @param entries which storage buffers each entry point touches, by the names they have in the text
 * @throws ShapeError where the text has no such entry point, no such buffer or no block of parameters
 * @example
 * const text = [
 *   `struct Params { count: u32 }`,
 *   `@group(0) @binding(0) var<uniform> params: Params;`,
 *   `@group(0) @binding(1) var<storage, read> x: array<f32>;`,
 *   `@group(0) @binding(2) var<storage, read_write> y: array<f32>;`,
 *   `@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {`,
 *   `  if (id.x < params.count) { y[id.x] = 2 * x[id.x]; }`,
 *   `}`,
 * ].join('\n');
 * const twice = defineShader('twice', text, { main: ['x', 'y'] });
 * twice.name; // "twice"
 */
export function defineShader<const E extends Readonly<Record<string, readonly string[]>>>(
  name: string,
  text: string,
  entries: E,
): DefinedShader<E> {
  expectDefinition(name, text, entries);
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

const isShader = (value: unknown): value is ShaderModule =>
  isRecord(value) && typeof value.name === 'string' && Array.isArray(value.source) && isRecord(value.entries);

/**
 * Launches one entry point of a shader, in the `launch` of an op of yours: elsewhere no tape sees it.
 * @param tensors to bind, by the names of the buffers
 * @param params by the names of the struct's members
 * @throws ShapeError for an entry point that the shader has not, where a buffer or a parameter is missing, where one tensor
 * is read and written, and for more workgroups than there can be
 * @throws DisposedError on a device that was disposed
 * @example
 * const text = [
 *   `struct Params { count: u32 }`,
 *   `@group(0) @binding(0) var<uniform> params: Params;`,
 *   `@group(0) @binding(1) var<storage, read> x: array<f32>;`,
 *   `@group(0) @binding(2) var<storage, read_write> y: array<f32>;`,
 *   `@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {`,
 *   `  if (id.x < params.count) { y[id.x] = 2 * x[id.x]; }`,
 *   `}`,
 * ].join('\n');
 * const twice = defineShader('twice', text, { main: ['x', 'y'] });
 * const [x, y] = [tensor(device, [1, 2], [2]), zeros(device, [2])];
 * launch(device, twice, 'main', { x, y }, { count: 2 }, linearGrid(2, 64));
 * await y.read(); // [2, 4]
 */
export function launchShader<M extends ShaderModule, K extends keyof M['entries'] & string>(
  device: Device,
  shader: M,
  entry: K,
  tensors: BindingsOf<M['entries'][K]>,
  params: ParamsOf<M['entries'][K]>,
  grid: Grid,
): void {
  const refuse = (argument: string, value: unknown, needed: string): never => {
    throw new ShapeError('launch', argument, `is ${describe(value)}`, needed);
  };
  if (!(device instanceof Device)) refuse('device', device, 'Pass the one that the op’s launch is given.');
  if (!isShader(shader)) refuse('shader', shader, 'Pass what defineShader made.');
  if (!Object.hasOwn(shader.entries, entry))
    refuse('entry', entry, `The shader has ${Object.keys(shader.entries).join(', ')}.`);
  if (!isRecord(tensors))
    refuse('tensors', tensors, 'Pass an object of tensors by the names of the buffers.');
  for (const { name } of shader.entries[entry]!.bindings) {
    const bound: unknown = (tensors as Readonly<Record<string, unknown>>)[name];
    if (!(bound instanceof Tensor)) refuse(name, bound, 'Bind a tensor to each buffer of the entry point.');
  }
  if (!isRecord(params))
    refuse('params', params, 'Pass an object of numbers by the names of the parameters.');
  for (const [name, value] of Object.entries(params))
    if (typeof value !== 'number' && !Array.isArray(value)) refuse(name, value, 'A number is needed.');
  if (!Array.isArray(grid) || !(grid.length > 0 && grid.length <= 3))
    refuse('grid', grid, 'Pass one to three numbers of workgroups.');
  for (const count of grid) expectWhole('launch', 'grid', count!, 0);
  launch(device, shader, entry, tensors, params, grid);
}

/**
 * A grid for a number of invocations, of which each finds its own by x + y · 65535 · workgroup: as many workgroups as
 * there can be along x, further ones along y.
 * @throws ShapeError for what are no whole numbers
 * @example
 * linearGrid(100, 64); // [2]
 */
export function invocationGrid(invocations: number, workgroup: number): Grid {
  expectWhole('linearGrid', 'invocations', invocations);
  expectWhole('linearGrid', 'workgroup', workgroup, 1);
  return linearGrid(invocations, workgroup);
}
