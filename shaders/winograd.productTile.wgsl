// A batch of matrix products for software adapters without subgroups: C = A·B for every plane, by register tiles
// without workgroup memory or barriers. An invocation computes 8 rows times 4 columns; the rows are the same for a
// whole workgroup.
override LANES: u32 = 4u;

// @include grid
// @include winogradProduct

fn store(q: mat4x4<f32>, base: u32, first: u32) {
  let step = params.columns / 4u;
  for (var i = 0u; i < 4u; i++) {
    if (first + i < params.rows) { c[base + (first + i) * step] = q[i]; }
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) index: u32) {
  let group = workgroupAt(id);
  let column = (group.y * LANES + index) * 4u;
  if (column >= params.columns) { return; }
  let first = group.x * 8u;
  let baseA = group.z * params.planeA;
  let baseB = group.z * params.planeB;
  var upper = mat4x4<f32>();
  var lower = mat4x4<f32>();
  for (var d = 0u; d < params.depth; d += 4u) {
    let m = columnsOf(baseB, column, d);
    upper += m * rowsOf(baseA, first, d);
    lower += m * rowsOf(baseA, first + 4u, d);
  }
  let baseC = group.z * params.planeC + column / 4u;
  store(upper, baseC, first);
  store(lower, baseC, first + 4u);
}
