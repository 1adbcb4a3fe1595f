import { beforeAll, describe, expect, it } from 'vitest';
import * as ops from '../../src/autograd/ops.ts';
import { capture } from '../../src/autograd/step.ts';
import { textOf } from '../../src/kernels/launch/shader.ts';
import * as shaders from '../../src/kernels/shaders.gen.ts';
import { zeros } from '../../src/tensor/create.ts';
import { useDevice } from '../device.ts';
import { hasHalf } from '../half.ts';
import { forced } from './conv2d.cases.ts';
import { halfTests } from './conv2d.half.cases.ts';

/** What an invocation holds of a matrix in the stand-in: all of it. */
const matrices = `
fn multiplied(a: array<f16, 256>, b: array<f16, 256>, sum: array<f32, 256>) -> array<f32, 256> {
  var left = a; var right = b; var result = sum;
  for (var i = 0u; i < 256u; i++) {
    for (var k = 0u; k < 16u; k++) { result[i] += f32(left[i / 16u * 16u + k]) * f32(right[k * 16u + i % 16u]); }
  }
  return result;
}
`;

/** A function that stands for a load from `tile`, by rows or by columns. */
function load(tile: string, byRows: boolean): string {
  const at = byRows ? 'i / 16u * pitch + i % 16u' : 'i % 16u * pitch + i / 16u';
  return `fn load_${tile}_${byRows ? 'row' : 'col'}(first: u32, pitch: u32) -> array<f16, 256> {
  var result: array<f16, 256>;
  for (var i = 0u; i < 256u; i++) { result[i] = ${tile}[first + ${at}]; }
  return result;
}
`;
}

const store = `fn stored(first: u32, product: array<f32, 256>, local: u32) {
  var values = product;
  if (local % 32u == 0u) { for (var i = 0u; i < 256u; i++) { results[first + i] = values[i]; } }
}
`;

/** The shader with loops in place of matrix units, and groups of 32 invocations in place of subgroups. */
function withLoops(source: string): string {
  const loads = [...source.matchAll(/subgroupMatrixLoad<[^>]*>, (row|col)_major>\(&(\w+)/g)];
  const used = new Map(loads.map(([, order, tile]) => [`${tile} ${order}`, load(tile!, order === 'row')]));
  const plain = source
    .replace('enable chromium_experimental_subgroup_matrix;\nrequires subgroup_id;', '')
    .replace('@builtin(subgroup_id) subgroup: u32', '@builtin(num_workgroups) all: vec3<u32>')
    .replace('let top = (subgroup', 'let subgroup = local / 32u;\n  let top = (subgroup')
    .replaceAll('subgroup_matrix_result<f32, 16, 16>', 'array<f32, 256>')
    .replace(/subgroupMatrixLoad<[^>]*>, (row|col)_major>\(&(\w+), /g, 'load_$2_$1(')
    .replaceAll('subgroupMatrixMultiplyAccumulate', 'multiplied')
    .replace(/subgroupMatrixStore<row_major>\(&results, ([^,]+), (\w+), 16u\)/g, 'stored($1, $2, local)');
  expect(plain).not.toMatch(/subgroup_?[mM]atrix/);
  return plain + matrices + [...used.values()].join('') + store;
}

describe('convolution in f16, variant matrix forced', () => {
  if (hasHalf) {
    const device = useDevice(forced('matrix', 'matrix'));
    beforeAll(() => {
      if (device().caps.matrices) return;
      // No adapter of this kind here: everything but the matrix instructions themselves is put to the test.
      Object.assign(device().caps, { matrices: true });
      for (const shader of [shaders.conv2dMatrix, shaders.conv2dWeightGradMatrix])
        Object.assign(shader, { source: [withLoops(textOf(shader))] });
    });
    halfTests(device);

    it('is what runs', async () => {
      const x = zeros(device(), [1, 2, 2, 4], 'f16');
      const weight = zeros(device(), [1, 1, 4, 4], 'f16');
      using step = await capture(device(), () => ({ y: ops.conv2d(x, weight) }));
      expect(step.labels).toEqual(['conv2d[matrix]']);
    });
  } else {
    it('needs f16, which this adapter does not compute with', () => expect(hasHalf).toBe(false));
  }
});
