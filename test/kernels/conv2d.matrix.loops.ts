/** @file Loops that stand in for matrix units where an adapter has none. */
import { expect } from 'vitest';
import { textOf } from '../../src/kernels/launch/shader.ts';
import * as shaders from '../../src/kernels/shaders.gen.ts';
import type { Device } from '../../src/tensor/device.ts';

/**
 * The shader with loops in place of matrix units, and groups of invocations in place of subgroups. A factor is where it
 * lies in its tile; of a product an invocation has every LANESth quad. The loops' ends are not known when it is compiled,
 * for unrolled they would take minutes.
 */
function withLoops(source: string): string {
  const tiles = ['Left', 'Right'].map(
    (type) => RegExp(`subgroupMatrixLoad<${type}.*?&(\\w+)`).exec(source)![1]!,
  );
  const plain = source
    .replace('enable chromium_experimental_subgroup_matrix;\nrequires subgroup_id;', '')
    .replace(/subgroup_matrix_(left|right)<[^>]*>/g, 'vec3<u32>')
    .replace(/subgroup_matrix_result<[^>]*>/, 'array<vec4<f32>, (SIDE * SIDE / 4u + LANES - 1u) / LANES>')
    .replace(/@builtin\(subgroup_\w+\) \w+: u32,/g, '')
    .replaceAll(
      'let group =',
      'own = local % LANES;\n  let lane = own;\n  let subgroup = local / LANES;\n  let group =',
    )
    .replace(
      /subgroupMatrixLoad<\w+, (row|col)_major>\(&\w+, (.*)\);/g,
      (_, order, at) => `vec3<u32>(${at}, ${Number(order === 'row')}u);`,
    )
    .replaceAll('subgroupMatrixMultiplyAccumulate', 'multiplied')
    .replace(/subgroupMatrixStore<row_major>\(&results, /g, 'laid(');
  expect(plain).not.toMatch(/subgroup_?[mM]atrix/);
  const at = (name: string, tile: string) => `
fn ${name}(factor: vec3<u32>, row: u32, column: u32) -> f32 {
  let place = select(vec2(column, row), vec2(row, column), factor.z == 1u);
  return f32(${tile}[factor.x + place.x * factor.y + place.y / 4u][place.y % 4u]);
}`;
  return `${plain}
var<private> own: u32;
${at('leftAt', tiles[0]!)}
${at('rightAt', tiles[1]!)}
fn multiplied(a: Left, b: Right, sum: Product) -> Product {
  var result = sum;
  let one = min(params.kernelHeight, 1u);
  for (var quad = own; quad < SIDE * SIDE / 4u * one; quad += LANES) {
    let row = quad / (SIDE / 4u);
    let column = quad % (SIDE / 4u) * 4u;
    for (var k = 0u; k < SIDE * one; k++) {
      let right = vec4(rightAt(b, k, column), rightAt(b, k, column + 1u), rightAt(b, k, column + 2u), rightAt(b, k, column + 3u));
      result[quad / LANES] += leftAt(a, row, k) * right;
    }
  }
  return result;
}
fn laid(at: u32, product: Product, pitch: u32) {
  var values = product;
  for (var quad = own; quad < SIDE * SIDE / 4u; quad += LANES) {
    results[at + quad / (SIDE / 4u) * pitch + quad % (SIDE / 4u)] = values[quad / LANES];
  }
}
`;
}

/** Has the device take the forms on matrices of 16×16 by 32 lanes, by loops, in this process. */
export function standInForMatrices(device: Device): void {
  Object.assign(device.caps, { matrices: { side: 16, lanes: 32, sized: false } });
  for (const shader of [shaders.conv2dMatrix, shaders.conv2dWeightGradMatrix])
    Object.assign(shader, { source: [withLoops(textOf(shader))] });
}
