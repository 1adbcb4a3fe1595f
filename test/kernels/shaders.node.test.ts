import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ShaderError } from '../../src/base/errors.ts';
import { pipelineSpec } from '../../src/kernels/launch/pipeline.ts';
import { queueOf } from '../../src/kernels/launch/queue.ts';
import { packParams, specialize, textOf } from '../../src/kernels/launch/shader.ts';
import * as shaders from '../../src/kernels/shaders.gen.ts';
import { reflectSource } from '../../tools/reflect.mjs';
import { identifier, readShader, root, shaderFiles } from '../../tools/wgsl.mjs';
import { useDevice } from '../device.ts';

const byName = new Map(Object.entries(shaders));
const bare = (text: string) => text.replace(/[ \t]*\/\/.*$/gm, '').replace(/^[ \t]+/gm, '');

describe('generated shaders', () => {
  it('are the files with what they include, each line in its place', () => {
    expect([...byName.keys()].sort()).toEqual(shaderFiles().map(identifier).sort());
    for (const file of shaderFiles()) {
      const { source, at } = readShader(file);
      const lines = textOf(byName.get(identifier(file))!).split('\n');
      expect(lines.length, file).toBe(at.length);
      expect(lines, file).toEqual(bare(source).split('\n'));
    }
  });

  it('hold what several of them include once', () => {
    const written = readFileSync(join(root, 'src/kernels/shaders.gen.ts'), 'utf8');
    const shared = shaderFiles().flatMap((file) => readShader(file).parts.filter(({ include }) => include));
    expect(shared.length).toBeGreaterThan(100);
    for (const { include, text } of shared)
      expect(written.split(JSON.stringify(bare(text))).length - 1, include!).toBe(1);
  });

  it('name only files that exist', () => {
    const named = shaderFiles().flatMap((file) => {
      const { source, at } = readShader(file);
      return source
        .split('\n')
        .flatMap((line, i) =>
          [...line.matchAll(/\b(src|shaders)\/[\w./]+\.\w+/g)].map(([path]) => ({ path, at: at[i] })),
        );
    });
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe('a specialised shader', () => {
  it('has other constants and types, and says how many lanes its subgroups must have', () => {
    const source =
      'alias E = f32;\nconst SIDE: u32 = 16u;\n@compute @workgroup_size(SIDE)\nfn main() { _ = E(); }\n';
    const shader = reflectSource('special', source);
    expect(specialize(shader, {})).toBe(source);
    const specialization = { consts: { SIDE: 8 }, aliases: { E: 'f16' }, lanes: 32 };
    expect(specialize(shader, specialization)).toBe(
      'enable f16;\nenable subgroup_size_control;\nalias E = f16;\nconst SIDE: u32 = 8;\n' +
        '@compute @subgroup_size(32) @workgroup_size(SIDE)\nfn main() { _ = E(); }\n',
    );
  });
});

describe('parameter blocks', () => {
  const block = (members: string) => `struct Params { ${members} }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@compute @workgroup_size(1)
fn main() { y[0] = params.a; }
`;

  it('are packed where the shader looks for them', () => {
    const source = block('a: u32, b: vec4<u32>, c: f32, d: vec2<f32>, e: i32');
    const values = { a: 7, b: [1, 2, 3, 4], c: 0.5, d: [1.5, -2], e: -9 };
    const bytes = packParams(reflectSource('block', source).entries.main!.params!, values);
    const view = new DataView(bytes.buffer);
    // WGSL, 14.4.1: scalars at multiples of 4 bytes, vec2s of 8, vec4s of 16; the block ends at one of 16.
    expect(bytes.length).toBe(64);
    expect(view.getUint32(0, true)).toBe(7);
    for (let i = 0; i < 4; i++) expect(view.getUint32(16 + 4 * i, true)).toBe(i + 1);
    expect(view.getFloat32(32, true)).toBe(0.5);
    expect([0, 4].map((at) => view.getFloat32(40 + at, true))).toEqual([1.5, -2]);
    expect(view.getInt32(48, true)).toBe(-9);
  });

  it('with members that lie elsewhere are refused when the shader is reflected', () => {
    expect(() => reflectSource('block', block('a: u32, b: vec3<u32>'))).toThrow(
      /Parameter b lies at byte 16/,
    );
  });
});

describe('a shader that does not compile', () => {
  const device = useDevice();

  it('is an error that shows the line', async () => {
    const source = `@group(0) @binding(0) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(1)
fn main() {
  y[0] = 1.5;
}
`;
    const spec = pipelineSpec(reflectSource('broken', source), 'main', {});
    const failing = queueOf(device()).prepare([spec]);
    await expect(failing).rejects.toThrow(ShaderError);
    await expect(failing).rejects.toThrow(/broken\.wgsl:5:\d+ .*: y\[0\] = 1\.5;/s);
    await device().gpu.queue.onSubmittedWorkDone();
    device().clearError();
  });
});
