// As winograd.product.wgsl with twice the columns: 16 rows times LANES·8. A lane owns 4 columns in each half, so that
// rows are loaded and traded for both at once; where a trade costs as much as five multiply-adds, that is a seventh.
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
  let column = (group.y * 2u * LANES + index) * 4u;
  let left = min(column, params.columns - 4u);
  let right = min(column + LANES * 4u, params.columns - 4u);
  let baseA = group.z * params.planeA;
  let baseB = group.z * params.planeB;
  let leftC = group.z * params.planeC + left / 4u;
  let rightC = group.z * params.planeC + right / 4u;
  var p0 = mat4x4<f32>();
  var p1 = mat4x4<f32>();
  var p2 = mat4x4<f32>();
  var p3 = mat4x4<f32>();
  var q0 = mat4x4<f32>();
  var q1 = mat4x4<f32>();
  var q2 = mat4x4<f32>();
  var q3 = mat4x4<f32>();
  for (var d = 0u; d < params.depth; d += 4u) {
    let v = laneRows(baseA, first, lane, d);
    let x = swapX(v);
    let y = swapY(v);
    let z = swapDiagonal(v);
    let m = columnsOf(baseB, left, d);
    p0 += m * v;
    p1 += m * x;
    p2 += m * y;
    p3 += m * z;
    let n = columnsOf(baseB, right, d);
    q0 += n * v;
    q1 += n * x;
    q2 += n * y;
    q3 += n * z;
  }
  store(p0, leftC, first, lane);
  store(p1, leftC, first, lane ^ 1u);
  store(p2, leftC, first, lane ^ 2u);
  store(p3, leftC, first, lane ^ 3u);
  store(q0, rightC, first, lane);
  store(q1, rightC, first, lane ^ 1u);
  store(q2, rightC, first, lane ^ 2u);
  store(q3, rightC, first, lane ^ 3u);
}
