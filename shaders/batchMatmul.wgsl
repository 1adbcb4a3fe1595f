// A batch of matrix products of any sizes, 4×4 results an invocation: from registers alone, or through workgroup memory.
// @variant E = f16
alias E = f32;
// Depths of A and B that are in workgroup memory at a time.
const STEP = 16u;

// @include strided
// @include batchMatmul

@group(0) @binding(1) var<storage, read> a: array<E>;
@group(0) @binding(2) var<storage, read> b: array<E>;
@group(0) @binding(3) var<storage, read_write> c: array<E>;

// 0 beyond the matrix.
fn elementOfA(start: u32, row: u32, d: u32) -> f32 {
  if (row >= params.rows || d >= params.depth) { return 0.0; }
  return f32(a[start + select(row * params.depth + d, d * params.rows + row, TURNED_A)]);
}

fn elementOfB(start: u32, d: u32, column: u32) -> f32 {
  if (column >= params.columns || d >= params.depth) { return 0.0; }
  return f32(b[start + select(d * params.columns + column, column * params.depth + d, TURNED_B)]);
}

fn rowsOf(start: u32, row: u32, d: u32) -> vec4<f32> {
  return vec4(
    elementOfA(start, row, d),
    elementOfA(start, row + 1u, d),
    elementOfA(start, row + 2u, d),
    elementOfA(start, row + 3u, d)
  );
}

fn columnsOf(start: u32, d: u32, column: u32) -> vec4<f32> {
  return vec4(
    elementOfB(start, d, column),
    elementOfB(start, d, column + 1u),
    elementOfB(start, d, column + 2u),
    elementOfB(start, d, column + 3u)
  );
}

fn outer(rows: vec4<f32>, columns: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(columns * rows.x, columns * rows.y, columns * rows.z, columns * rows.w);
}

fn put(matrix: u32, row: u32, column: u32, values: vec4<f32>) {
  if (row >= params.rows) { return; }
  let to = (matrix * params.rows + row) * params.columns + column;
  let count = min(4u, params.columns - column);
  c[to] = E(values.x);
  if (count > 1u) { c[to + 1u] = E(values.y); }
  if (count > 2u) { c[to + 2u] = E(values.z); }
  if (count > 3u) { c[to + 3u] = E(values.w); }
}

fn putAll(results: vec3<u32>, sums: mat4x4<f32>) {
  if (results.x >= params.batch || results.z >= params.columns) { return; }
  put(results.x, results.y, results.z, sums[0]);
  put(results.x, results.y + 1u, results.z, sums[1]);
  put(results.x, results.y + 2u, results.z, sums[2]);
  put(results.x, results.y + 3u, results.z, sums[3]);
}

@compute @workgroup_size(64)
fn direct(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let results = resultsOf(group, lane);
  if (results.x >= params.batch || results.y >= params.rows || results.z >= params.columns) { return; }
  let startA = matrixOfA(results.x);
  let startB = matrixOfB(results.x);
  var sums = mat4x4<f32>();
  for (var d = 0u; d < params.depth; d++) {
    sums += outer(rowsOf(startA, results.y, d), columnsOf(startB, d, results.z));
  }
  putAll(results, sums);
}

// By depth, then row or column.
var<workgroup> tileA: array<f32, 32u * STEP>;
var<workgroup> tileB: array<f32, 32u * STEP>;

@compute @workgroup_size(64)
fn tiled(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let results = resultsOf(group, lane);
  let corner = resultsOf(group, 0u);
  let startA = matrixOfA(min(results.x, params.batch - 1u));
  let startB = matrixOfB(min(results.x, params.batch - 1u));
  var sums = mat4x4<f32>();
  for (var begin = 0u; begin < params.depth; begin += STEP) {
    for (var i = lane; i < 32u * STEP; i += 64u) {
      // Neighbouring lanes read neighbouring elements, however the matrices lie.
      let byDepth = vec2(i % STEP, i / STEP);
      let byPlace = vec2(i / 32u, i % 32u);
      let atA = select(byDepth, byPlace, TURNED_A);
      let atB = select(byPlace, byDepth, TURNED_B);
      tileA[atA.x * 32u + atA.y] = elementOfA(startA, corner.y + atA.y, begin + atA.x);
      tileB[atB.x * 32u + atB.y] = elementOfB(startB, begin + atB.x, corner.z + atB.y);
    }
    workgroupBarrier();
    for (var d = 0u; d < STEP; d++) {
      let p = d * 32u + results.y - corner.y;
      let q = d * 32u + results.z - corner.z;
      let rows = vec4(tileA[p], tileA[p + 1u], tileA[p + 2u], tileA[p + 3u]);
      sums += outer(rows, vec4(tileB[q], tileB[q + 1u], tileB[q + 2u], tileB[q + 3u]));
    }
    workgroupBarrier();
  }
  putAll(results, sums);
}
