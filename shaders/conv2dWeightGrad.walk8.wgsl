// Gradient of a 3×3 stride-1 convolution's weight for software adapters with subgroups of 8: one workgroup is one
// subgroup and sums all nine taps of 8 large channels, one a lane, times 8 small ones over a strip of rows. It walks
// along each row four pixels at a time, carrying two columns: 16 loads and 32 broadcasts for 288 multiply-adds.
// Terms as in conv2dWeightGrad.subgroup4.wgsl.
enable subgroups;
// The images are E; products and sums are f32.
// @variant E = f16
alias E = f32;

// @include grid

// @include correlation

@group(0) @binding(1) var<storage, read> large: array<E>;
@group(0) @binding(2) var<storage, read> small: array<E>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

struct Line {
  at: u32,
  // all bits, or none outside the image
  inside: u32,
}

// A row of the large image; outside it the nearest one in it.
fn line(row: i32, image: u32, a: u32) -> Line {
  let y = clamp(row, 0, i32(params.largeHeight) - 1);
  let at = (image * params.largeHeight + u32(y)) * params.largeWidth * params.a + a;
  return Line(at, select(0u, 0xffffffffu, row == y));
}

struct Column {
  at: u32,
  inside: u32,
}

fn columnOf(column: i32) -> Column {
  let x = clamp(column, 0, i32(params.largeWidth) - 1);
  return Column(u32(x) * params.a, select(0u, 0xffffffffu, column == x));
}

// Masked bit by bit: see conv2d.halo8.wgsl.
fn fetch(l: Line, c: Column) -> f32 {
  return bitcast<f32>(bitcast<u32>(f32(large[l.at + c.at])) & l.inside & c.inside);
}

// Eight small channels of a pixel, the same in every lane.
fn smallAt(row: u32, column: u32, b: u32) -> mat2x4<f32> {
  let x = min(column, params.smallWidth - 1u);
  let value = f32(small[(row * params.smallWidth + x) * params.b + b]);
  let s = bitcast<f32>(bitcast<u32>(value) & select(0u, 0xffffffffu, x == column));
  return mat2x4<f32>(
    subgroupBroadcast(s, 0u), subgroupBroadcast(s, 1u), subgroupBroadcast(s, 2u), subgroupBroadcast(s, 3u),
    subgroupBroadcast(s, 4u), subgroupBroadcast(s, 5u), subgroupBroadcast(s, 6u), subgroupBroadcast(s, 7u),
  );
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let group = workgroupAt(id);
  let a = group.x * 8u + lane;
  let b = group.y * 8u;
  // Lanes past the last channel sum its values and do not store.
  let ownA = min(a, params.a - 1u);
  let ownB = min(b + lane, params.b - 1u);
  let split = group.z;
  let z = mat2x4<f32>();
  // q<tap row><tap column>, a small channel a component
  var q00 = z;
  var q01 = z;
  var q02 = z;
  var q10 = z;
  var q11 = z;
  var q12 = z;
  var q20 = z;
  var q21 = z;
  var q22 = z;
  let rows = params.batch * params.smallHeight;
  let end = stripBegin(rows, split + 1u);
  for (var row = stripBegin(rows, split); row < end; row++) {
    let image = row / params.smallHeight;
    let top = i32(row % params.smallHeight) - params.padding;
    let l0 = line(top, image, ownA);
    let l1 = line(top + 1, image, ownA);
    let l2 = line(top + 2, image, ownA);
    let first = columnOf(-params.padding);
    let second = columnOf(1 - params.padding);
    var v00 = fetch(l0, first);
    var v01 = fetch(l0, second);
    var v10 = fetch(l1, first);
    var v11 = fetch(l1, second);
    var v20 = fetch(l2, first);
    var v21 = fetch(l2, second);
    for (var j = 0u; j < params.smallWidth; j += 4u) {
      let s0 = smallAt(row, j, ownB);
      let s1 = smallAt(row, j + 1u, ownB);
      let s2 = smallAt(row, j + 2u, ownB);
      let s3 = smallAt(row, j + 3u, ownB);
      let c0 = columnOf(i32(j) + 2 - params.padding);
      let c1 = columnOf(i32(j) + 3 - params.padding);
      let c2 = columnOf(i32(j) + 4 - params.padding);
      let c3 = columnOf(i32(j) + 5 - params.padding);
      // All loads come before the sums: their branches would cut those up.
      let v02 = fetch(l0, c0);
      let v03 = fetch(l0, c1);
      let v04 = fetch(l0, c2);
      let v05 = fetch(l0, c3);
      let v12 = fetch(l1, c0);
      let v13 = fetch(l1, c1);
      let v14 = fetch(l1, c2);
      let v15 = fetch(l1, c3);
      let v22 = fetch(l2, c0);
      let v23 = fetch(l2, c1);
      let v24 = fetch(l2, c2);
      let v25 = fetch(l2, c3);
      q00 += v00 * s0 + v01 * s1 + v02 * s2 + v03 * s3;
      q01 += v01 * s0 + v02 * s1 + v03 * s2 + v04 * s3;
      q02 += v02 * s0 + v03 * s1 + v04 * s2 + v05 * s3;
      v00 = v04;
      v01 = v05;
      q10 += v10 * s0 + v11 * s1 + v12 * s2 + v13 * s3;
      q11 += v11 * s0 + v12 * s1 + v13 * s2 + v14 * s3;
      q12 += v12 * s0 + v13 * s1 + v14 * s2 + v15 * s3;
      v10 = v14;
      v11 = v15;
      q20 += v20 * s0 + v21 * s1 + v22 * s2 + v23 * s3;
      q21 += v21 * s0 + v22 * s1 + v23 * s2 + v24 * s3;
      q22 += v22 * s0 + v23 * s1 + v24 * s2 + v25 * s3;
      v20 = v24;
      v21 = v25;
    }
  }
  if (a >= params.a) { return; }
  // A loop instead of 72 stores, for the compiler's sake: see conv2d.halo8.wgsl.
  var sums = array<mat2x4<f32>, 9>(q00, q01, q02, q10, q11, q12, q20, q21, q22);
  for (var tap = 0u; tap < params.kernelHeight * params.kernelWidth; tap++) {
    let at = split * params.count + (tap * params.a + a) * params.b + b;
    for (var i = 0u; i < min(8u, params.b - b); i++) { partial[at + i] = sums[tap][i / 4u][i % 4u]; }
  }
}
