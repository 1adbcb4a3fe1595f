import { describe, expect, it } from 'vitest';
import { apply } from '../../src/autograd/ops.ts';
import { ShapeError } from '../../src/base/errors.ts';
import {
  defineShader,
  launchShader as launch,
  invocationGrid as linearGrid,
} from '../../src/kernels/launch/define.ts';
import type { Op } from '../../src/kernels/op.ts';
import { tensor } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';

const text = `
// @group(0) @binding(9) var<storage, read> left_out: array<f32>;
struct Params { count: u32, by: f32, }
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(1) var<storage> x: array<f32>; /* read, as WGSL has it */
@group(0)
@binding(0) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn scale(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < params.count) { y[id.x] = x[id.x] * params.by; }
}
fn helper() -> f32 { return 1; }`;

const shader = defineShader('scaled', text, { scale: ['x', 'y'] });

const scaled: Op<number> = {
  name: 'scaled',
  infer: ([x]) => [{ shape: x!.shape, dtype: 'f32' }],
  launch(device, [x], [y], by) {
    const count = y!.size;
    launch(device, shader, 'scale', { x: x!, y: y! }, { count, by }, linearGrid(count, 64));
  },
};

describe('a shader of one’s own', () => {
  const device = useDevice();

  it('is read off its text, comments aside', () => {
    const params = { binding: 3, fields: { count: 'u32', by: 'f32' } };
    const bindings = [
      { name: 'x', binding: 1, access: 'read' },
      { name: 'y', binding: 0, access: 'read_write' },
    ];
    expect(shader.entries.scale).toEqual({ bindings, params });
  });

  it('runs in an op', async () => {
    const y = apply(scaled, [tensor(device(), [1, -2, NaN], [3])], 1.5);
    expect(await y.read()).toEqual(new Float32Array([1.5, -3, NaN]));
  });

  it.each<[string, string, Record<string, string[]>, RegExp]>([
    ['a helper as entry point', text, { helper: ['x'] }, /helper is no entry point/],
    ['a buffer that is none', text, { scale: ['z'] }, /"z".*x, y/],
    ['a buffer in a comment', text, { scale: ['left_out'] }, /"left_out"/],
    [
      'no parameters',
      text.replace('var<uniform>', 'var<private>'),
      { scale: ['x'] },
      /no block of parameters/,
    ],
    ['a matrix among the parameters', text.replace('by: f32', 'by: mat2x2f'), { scale: ['x'] }, /mat2x2f/],
  ])('is refused with %s', (_, source, entries, problem) => {
    expect(() => defineShader('scaled', source, entries)).toThrow(ShapeError);
    expect(() => defineShader('scaled', source, entries)).toThrow(problem);
  });

  it('is launched with every buffer and every parameter, by an entry point it has', () => {
    const x = tensor(device(), [1], [1]);
    const loose = launch as (...args: unknown[]) => void;
    expect(() => loose(device(), shader, 'scale', { x }, { count: 1, by: 1 }, [1])).toThrow(/y is undefined/);
    expect(() => loose(device(), shader, 'scale', { x, y: x }, { count: 1 }, [1])).toThrow(ShapeError);
    expect(() => loose(device(), shader, 'other', { x, y: x }, {}, [1])).toThrow(/The shader has scale/);
  });
});
