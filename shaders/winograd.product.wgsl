// A batch of matrix products for software adapters: C = A·B for every plane, as an outer product across quads of
// lanes. A workgroup computes 16 rows times LANES·4 columns. Each lane owns 4 columns; it loads the rows whose number
// is its own modulo 4, and the quad trades them by swaps, each one instruction where a broadcast takes five. Works
// with subgroups of any multiple of 4.
enable subgroups;

override LANES: u32 = 4u;
// A is [depth][rows] instead of [rows][depth].
override TURNED_A: bool = false;
// B is [columns][depth] instead of [depth][columns].
override TURNED_B: bool = false;

struct Params {
  // all multiples of 4
  rows: u32,
  depth: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4<f32>>;

// Depths d … d+3 (components) of four rows (columns): first + lane, + 4, + 8, + 12, or turned, four neighbours.
fn rowsOf(base: u32, first: u32, lane: u32, d: u32) -> mat4x4<f32> {
  if (TURNED_A) {
    let own = min(first + lane * 4u, params.rows - 4u);
    let i = base + (d * params.rows + own) / 4u;
    let s = params.rows / 4u;
    return transpose(mat4x4<f32>(a[i], a[i + s], a[i + 2u * s], a[i + 3u * s]));
  }
  let s = params.depth / 4u;
  let i = base + d / 4u;
  let own = vec4<u32>(first + lane) + vec4<u32>(0u, 4u, 8u, 12u);
  let at = i + min(own, vec4<u32>(params.rows - 1u)) * s;
  return mat4x4<f32>(a[at.x], a[at.y], a[at.z], a[at.w]);
}

// Depths d … d+3 (columns) of this lane's four columns.
fn columnsOf(base: u32, column: u32, d: u32) -> mat4x4<f32> {
  if (TURNED_B) {
    let i = base + (column * params.depth + d) / 4u;
    let s = params.depth / 4u;
    return transpose(mat4x4<f32>(b[i], b[i + s], b[i + 2u * s], b[i + 3u * s]));
  }
  let i = base + (d * params.columns + column) / 4u;
  let s = params.columns / 4u;
  return mat4x4<f32>(b[i], b[i + s], b[i + 2u * s], b[i + 3u * s]);
}

fn put(v: vec4<f32>, plane: u32, row: u32, column: u32) {
  if ((row < params.rows) & (column < params.columns)) {
    c[(plane * params.rows + row) * (params.columns / 4u) + column / 4u] = v;
  }
}

// q's columns are the rows of C that `lane` loaded.
fn store(q: mat4x4<f32>, plane: u32, first: u32, lane: u32, column: u32) {
  let step = select(4u, 1u, TURNED_A);
  let row = first + lane * select(1u, 4u, TURNED_A);
  put(q[0], plane, row, column);
  put(q[1], plane, row + step, column);
  put(q[2], plane, row + 2u * step, column);
  put(q[3], plane, row + 3u * step, column);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) index: u32) {
  let first = group.x * 16u;
  let column = (group.y * LANES + index) * 4u;
  let plane = group.z;
  let lane = index % 4u;
  // Lanes past the last column compute on its values and do not store.
  let own = min(column, params.columns - 4u);
  let baseA = plane * params.rows * (params.depth / 4u);
  let baseB = plane * params.depth * (params.columns / 4u);
  var q0 = mat4x4<f32>();
  var q1 = mat4x4<f32>();
  var q2 = mat4x4<f32>();
  var q3 = mat4x4<f32>();
  for (var d = 0u; d < params.depth; d += 4u) {
    let m = columnsOf(baseB, own, d);
    let v = rowsOf(baseA, first, lane, d);
    q0 += m * v;
    q1 += m * mat4x4<f32>(quadSwapX(v[0]), quadSwapX(v[1]), quadSwapX(v[2]), quadSwapX(v[3]));
    q2 += m * mat4x4<f32>(quadSwapY(v[0]), quadSwapY(v[1]), quadSwapY(v[2]), quadSwapY(v[3]));
    q3 += m * mat4x4<f32>(
      quadSwapDiagonal(v[0]), quadSwapDiagonal(v[1]), quadSwapDiagonal(v[2]), quadSwapDiagonal(v[3]),
    );
  }
  store(q0, plane, first, lane, column);
  store(q1, plane, first, lane ^ 1u, column);
  store(q2, plane, first, lane ^ 2u, column);
  store(q3, plane, first, lane ^ 3u, column);
}
