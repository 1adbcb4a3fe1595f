// As winograd.product.wgsl for software adapters with subgroups of 8, where a matrix has many rows. The two quads of a
// subgroup take 16 rows each and share 32 columns: each loads 16 of them and gets the others from its twin. Half the
// loads for a multiply-add, and twice the code.
enable subgroups;

// @include winogradProduct
// @include grid
// @include quadProduct

// What the lane of the same place in the other quad has.
fn across(v: mat4x4<f32>, twin: u32) -> mat4x4<f32> {
  return mat4x4<f32>(
    subgroupShuffle(v[0], twin), subgroupShuffle(v[1], twin), subgroupShuffle(v[2], twin), subgroupShuffle(v[3], twin),
  );
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(subgroup_invocation_id) index: u32) {
  let group = workgroupAt(id);
  let lane = index % 4u;
  let quad = index / 4u;
  let depth = params.depth;
  let first = group.x * 32u + quad * 16u;
  let column = group.y * 32u + lane * 4u;
  let own = min(column + quad * 16u, params.columns - 4u);
  let others = min(column + (1u - quad) * 16u, params.columns - 4u);
  let baseA = group.z * params.planeA;
  let baseB = group.z * params.planeB;
  let baseC = group.z * params.planeC;
  var p0 = mat4x4<f32>();
  var p1 = mat4x4<f32>();
  var p2 = mat4x4<f32>();
  var p3 = mat4x4<f32>();
  var q0 = mat4x4<f32>();
  var q1 = mat4x4<f32>();
  var q2 = mat4x4<f32>();
  var q3 = mat4x4<f32>();
  for (var d = 0u; d < depth; d += 4u) {
    let v = laneRows(baseA, first, lane, d);
    let m = columnsOf(baseB, own, d);
    let n = across(m, index ^ 4u);
    // Everything is traded before the sums, and those of one factor follow each other: lavapipe's code is then a
    // third faster than with the sums between the trades.
    let x = swapX(v);
    let y = swapY(v);
    let z = swapDiagonal(v);
    p0 += m * v;
    p1 += m * x;
    p2 += m * y;
    p3 += m * z;
    q0 += n * v;
    q1 += n * x;
    q2 += n * y;
    q3 += n * z;
  }
  // In two turns, which lavapipe cannot count: it unrolls where it can, and takes 4 ms to compile each number stored.
  var at = own;
  for (var turn = 0u; turn * params.planeC < 2u * params.planeC; turn++) {
    store(p0, baseC + at / 4u, first, lane);
    store(p1, baseC + at / 4u, first, lane ^ 1u);
    store(p2, baseC + at / 4u, first, lane ^ 2u);
    store(p3, baseC + at / 4u, first, lane ^ 3u);
    p0 = q0;
    p1 = q1;
    p2 = q2;
    p3 = q3;
    at = others;
  }
}
