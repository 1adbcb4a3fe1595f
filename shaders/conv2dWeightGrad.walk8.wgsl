// Gradient of a 3×3 stride-1 convolution's weight for software adapters with subgroups of 8: one workgroup is one
// subgroup and sums all nine taps of 8 large channels, one a lane, times 8 small ones over a strip of rows. It walks
// along each row a pixel at a time, carrying the window's two older columns: four loads and eight broadcasts for 72
// multiply-adds. Terms as in conv2dWeightGrad.subgroup4.wgsl.
enable subgroups;

struct Params {
  batch: u32,
  smallHeight: u32,
  smallWidth: u32,
  largeHeight: u32,
  largeWidth: u32,
  a: u32,
  b: u32,
  kernelHeight: u32,
  kernelWidth: u32,
  stride: i32,
  dilation: i32,
  padding: i32,
  splits: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> large: array<f32>;
@group(0) @binding(2) var<storage, read> small: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

// Index of the first pixel of a row of the large image, or a negative number outside it.
fn line(row: i32, image: u32, a: u32) -> i32 {
  let inside = (row >= 0) & (row < i32(params.largeHeight));
  let at = (i32(image * params.largeHeight) + row) * i32(params.largeWidth * params.a) + i32(a);
  return select(-1, at, inside);
}

fn fetch(line: i32, column: i32) -> f32 {
  let inside = (line >= 0) & (column >= 0) & (column < i32(params.largeWidth));
  return select(0.0, large[u32(select(0, line + column * i32(params.a), inside))], inside);
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let a = group.x * 8u + lane;
  let b = group.y * 8u;
  // Lanes past the last channel sum its values and do not store.
  let ownA = min(a, params.a - 1u);
  let ownB = min(b + lane, params.b - 1u);
  let split = group.z;
  let z = mat2x4<f32>();
  // q<tap row><tap column>, a small channel a component
  var q00 = z; var q01 = z; var q02 = z;
  var q10 = z; var q11 = z; var q12 = z;
  var q20 = z; var q21 = z; var q22 = z;
  let rows = params.batch * params.smallHeight;
  let end = rows * (split + 1u) / params.splits;
  for (var row = rows * split / params.splits; row < end; row++) {
    let image = row / params.smallHeight;
    let top = i32(row % params.smallHeight) - params.padding;
    let l0 = line(top, image, ownA);
    let l1 = line(top + 1, image, ownA);
    let l2 = line(top + 2, image, ownA);
    var column = -params.padding;
    var v00 = fetch(l0, column);
    var v10 = fetch(l1, column);
    var v20 = fetch(l2, column);
    var v01 = fetch(l0, column + 1);
    var v11 = fetch(l1, column + 1);
    var v21 = fetch(l2, column + 1);
    column += 2;
    let first = row * params.smallWidth;
    for (var j = 0u; j < params.smallWidth; j++) {
      let v02 = fetch(l0, column);
      let v12 = fetch(l1, column);
      let v22 = fetch(l2, column);
      let s = small[(first + j) * params.b + ownB];
      let r = mat2x4<f32>(
        subgroupBroadcast(s, 0u), subgroupBroadcast(s, 1u), subgroupBroadcast(s, 2u), subgroupBroadcast(s, 3u),
        subgroupBroadcast(s, 4u), subgroupBroadcast(s, 5u), subgroupBroadcast(s, 6u), subgroupBroadcast(s, 7u),
      );
      q00 += v00 * r;
      q01 += v01 * r;
      q02 += v02 * r;
      q10 += v10 * r;
      q11 += v11 * r;
      q12 += v12 * r;
      q20 += v20 * r;
      q21 += v21 * r;
      q22 += v22 * r;
      v00 = v01;
      v10 = v11;
      v20 = v21;
      v01 = v02;
      v11 = v12;
      v21 = v22;
      column++;
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
