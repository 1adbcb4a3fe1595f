// A batch of matrix products, 4×4 results an invocation; depths and columns are multiples of four, and so are A's rows
// where it is turned.
// @variant E4 = vec4<f16>
alias E4 = vec4<f32>;

// @include strided
// @include batchMatmul

@group(0) @binding(1) var<storage, read> a: array<E4>;
@group(0) @binding(2) var<storage, read> b: array<E4>;
@group(0) @binding(3) var<storage, read_write> c: array<E4>;

// Columns are depths d … d+3 of rows row … row+3; rows past the last are the last.
fn blockOfA(start: u32, row: u32, d: u32) -> mat4x4<f32> {
  if (TURNED_A) {
    let pitch = params.rows / 4u;
    let at = start + d * pitch + row / 4u;
    return transpose(mat4x4<f32>(
      vec4<f32>(a[at]), vec4<f32>(a[at + pitch]), vec4<f32>(a[at + 2u * pitch]), vec4<f32>(a[at + 3u * pitch])
    ));
  }
  let rows = min(vec4(row) + vec4(0u, 1u, 2u, 3u), vec4(params.rows - 1u)) * (params.depth / 4u) + vec4(start + d / 4u);
  return mat4x4<f32>(vec4<f32>(a[rows.x]), vec4<f32>(a[rows.y]), vec4<f32>(a[rows.z]), vec4<f32>(a[rows.w]));
}

// Columns are columns column … column+3 at depths d … d+3.
fn blockOfB(start: u32, column: u32, d: u32) -> mat4x4<f32> {
  let pitch = select(params.columns, params.depth, TURNED_B) / 4u;
  let at = start + select(d * pitch + column / 4u, column * pitch + d / 4u, TURNED_B);
  let loaded = mat4x4<f32>(
    vec4<f32>(b[at]), vec4<f32>(b[at + pitch]), vec4<f32>(b[at + 2u * pitch]), vec4<f32>(b[at + 3u * pitch])
  );
  if (TURNED_B) { return transpose(loaded); }
  return loaded;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let results = resultsOf(group, lane);
  let row = results.y;
  let column = results.z;
  if (results.x >= params.batch || row >= params.rows || column >= params.columns) { return; }
  let startA = matrixOfA(results.x);
  let startB = matrixOfB(results.x);
  var sums = mat4x4<f32>();
  for (var d = 0u; d < params.depth; d += 4u) {
    sums += blockOfB(startB, column, d) * blockOfA(startA, row, d);
  }
  let pitch = params.columns / 4u;
  let to = (results.x * params.rows + row) * pitch + column / 4u;
  c[to] = E4(sums[0]);
  if (row + 1u < params.rows) { c[to + pitch] = E4(sums[1]); }
  if (row + 2u < params.rows) { c[to + 2u * pitch] = E4(sums[2]); }
  if (row + 3u < params.rows) { c[to + 3u * pitch] = E4(sums[3]); }
}
