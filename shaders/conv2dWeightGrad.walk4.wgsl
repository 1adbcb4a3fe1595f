// Gradient of a 3×3 stride-1 convolution's weight for software adapters with subgroups of 4: one workgroup is one
// subgroup and sums all nine taps of 4 large channels times 16 small ones, 4 a lane, over a strip of rows. It walks
// along each row four pixels at a time: the large image's next four columns are loaded one a lane and broadcast, the
// two columns before them are carried. Terms as in conv2dWeightGrad.subgroup4.wgsl.
enable subgroups;

// @include grid

// @include correlation

@group(0) @binding(1) var<storage, read> large: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> small: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4<f32>>;

// Large channels are the rows, this lane's small ones the columns.
// @include outer

// Conditions join by & on purpose: see conv2d.subgroup4.wgsl.
fn fetch(row: i32, column: i32, image: u32, a: u32) -> vec4<f32> {
  let inside = (row >= 0) & (column >= 0) & (row < i32(params.largeHeight)) & (column < i32(params.largeWidth));
  let at = ((i32(image * params.largeHeight) + row) * i32(params.largeWidth) + column) * i32(params.a / 4u);
  return select(vec4<f32>(), large[u32(select(0, at, inside)) + a], inside);
}

fn smallAt(row: u32, column: u32, b: u32) -> vec4<f32> {
  let inside = column < params.smallWidth;
  let at = (row * params.smallWidth + select(0u, column, inside)) * (params.b / 4u) + b;
  return select(vec4<f32>(), small[at], inside);
}

fn store(q: mat4x4<f32>, split: u32, tap: u32, a: u32, b: u32) {
  let at = split * params.count + (tap * params.a + a) * params.b + b;
  if (b < params.b) {
    partial[at / 4u] = q[0];
    partial[(at + params.b) / 4u] = q[1];
    partial[(at + 2u * params.b) / 4u] = q[2];
    partial[(at + 3u * params.b) / 4u] = q[3];
  }
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let group = workgroupAt(id);
  let a = group.x;
  let b = group.y * 16u + lane * 4u;
  // Lanes past the last channel sum its values and do not store.
  let own = min(b, params.b - 4u) / 4u;
  let split = group.z;
  let z = mat4x4<f32>();
  // q<tap row><tap column>
  var q00 = z; var q01 = z; var q02 = z;
  var q10 = z; var q11 = z; var q12 = z;
  var q20 = z; var q21 = z; var q22 = z;
  let rows = params.batch * params.smallHeight;
  let end = stripBegin(rows, split + 1u);
  for (var row = stripBegin(rows, split); row < end; row++) {
    let image = row / params.smallHeight;
    let top = i32(row % params.smallHeight) - params.padding;
    // Columns -padding and 1 - padding, on lanes 2 and 3, where the walk leaves the ones it carries.
    let first = i32(lane) - 2 - params.padding;
    var e0 = fetch(top, first, image, a);
    var e1 = fetch(top + 1, first, image, a);
    var e2 = fetch(top + 2, first, image, a);
    for (var j = 0u; j < params.smallWidth; j += 4u) {
      let column = i32(j + lane) + 2 - params.padding;
      let n0 = fetch(top, column, image, a);
      let n1 = fetch(top + 1, column, image, a);
      let n2 = fetch(top + 2, column, image, a);
      let s0 = smallAt(row, j, own);
      let s1 = smallAt(row, j + 1u, own);
      let s2 = smallAt(row, j + 2u, own);
      let s3 = smallAt(row, j + 3u, own);
      let c00 = subgroupBroadcast(e0, 2u);
      let c01 = subgroupBroadcast(e0, 3u);
      let c02 = subgroupBroadcast(n0, 0u);
      let c03 = subgroupBroadcast(n0, 1u);
      let c04 = subgroupBroadcast(n0, 2u);
      let c05 = subgroupBroadcast(n0, 3u);
      q00 += outer(c00, s0) + outer(c01, s1) + outer(c02, s2) + outer(c03, s3);
      q01 += outer(c01, s0) + outer(c02, s1) + outer(c03, s2) + outer(c04, s3);
      q02 += outer(c02, s0) + outer(c03, s1) + outer(c04, s2) + outer(c05, s3);
      e0 = n0;
      let c10 = subgroupBroadcast(e1, 2u);
      let c11 = subgroupBroadcast(e1, 3u);
      let c12 = subgroupBroadcast(n1, 0u);
      let c13 = subgroupBroadcast(n1, 1u);
      let c14 = subgroupBroadcast(n1, 2u);
      let c15 = subgroupBroadcast(n1, 3u);
      q10 += outer(c10, s0) + outer(c11, s1) + outer(c12, s2) + outer(c13, s3);
      q11 += outer(c11, s0) + outer(c12, s1) + outer(c13, s2) + outer(c14, s3);
      q12 += outer(c12, s0) + outer(c13, s1) + outer(c14, s2) + outer(c15, s3);
      e1 = n1;
      let c20 = subgroupBroadcast(e2, 2u);
      let c21 = subgroupBroadcast(e2, 3u);
      let c22 = subgroupBroadcast(n2, 0u);
      let c23 = subgroupBroadcast(n2, 1u);
      let c24 = subgroupBroadcast(n2, 2u);
      let c25 = subgroupBroadcast(n2, 3u);
      q20 += outer(c20, s0) + outer(c21, s1) + outer(c22, s2) + outer(c23, s3);
      q21 += outer(c21, s0) + outer(c22, s1) + outer(c23, s2) + outer(c24, s3);
      q22 += outer(c22, s0) + outer(c23, s1) + outer(c24, s2) + outer(c25, s3);
      e2 = n2;
    }
  }
  store(q00, split, 0u, a * 4u, b);
  store(q01, split, 1u, a * 4u, b);
  store(q02, split, 2u, a * 4u, b);
  store(q10, split, 3u, a * 4u, b);
  store(q11, split, 4u, a * 4u, b);
  store(q12, split, 5u, a * 4u, b);
  store(q20, split, 6u, a * 4u, b);
  store(q21, split, 7u, a * 4u, b);
  store(q22, split, 8u, a * 4u, b);
}
