// A batch of matrix products for software adapters: C = A·B for every plane, as an outer product across quads of
// lanes. A workgroup computes 16 rows times LANES·4 columns. Each lane owns 4 columns; it loads the rows whose number
// is its own modulo 4, and the quad trades them by swaps, each one instruction where a broadcast takes five. Works
// with subgroups of any multiple of 4.
enable subgroups;

override LANES: u32 = 4u;

// @include winogradProduct
// @include grid
// @include quadProduct

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) index: u32) {
  let group = workgroupAt(id);
  let first = group.x * 16u;
  let lane = index % 4u;
  let column = min((group.y * LANES + index) * 4u, params.columns - 4u);
  let baseA = group.z * params.planeA;
  let baseB = group.z * params.planeB;
  let baseC = group.z * params.planeC + column / 4u;
  var q0 = mat4x4<f32>();
  var q1 = mat4x4<f32>();
  var q2 = mat4x4<f32>();
  var q3 = mat4x4<f32>();
  for (var d = 0u; d < params.depth; d += 4u) {
    let m = columnsOf(baseB, column, d);
    let v = laneRows(baseA, first, lane, d);
    q0 += m * v;
    q1 += m * swapX(v);
    q2 += m * swapY(v);
    q3 += m * swapDiagonal(v);
  }
  store(q0, baseC, first, lane);
  store(q1, baseC, first, lane ^ 1u);
  store(q2, baseC, first, lane ^ 2u);
  store(q3, baseC, first, lane ^ 3u);
}
