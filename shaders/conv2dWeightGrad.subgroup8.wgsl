// Gradient of a convolution's weight as an outer product across a subgroup of 8, for software adapters: one workgroup
// is one subgroup and sums one tap's block of 32 large channels, 4 a lane, times 16 small ones over a strip of rows;
// any kernel, stride and channel count. Terms as in conv2dWeightGrad.subgroup4.wgsl.
enable subgroups;
// The images are E; products and sums are f32.
// @variant E = f16
alias E = f32;

// @include grid

// @include correlation

@group(0) @binding(1) var<storage, read> large: array<E>;
@group(0) @binding(2) var<storage, read> small: array<E>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

// @include spread8

// @include firstAtLeast

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let group = workgroupAt(id);
  let a = group.x * 32u + lane;
  let b = group.y * 16u;
  let split = group.z % params.splits;
  let tap = group.z / params.splits;
  let dy = i32(params.firstRow + tap / params.kernelWidth) * params.dilation - params.padding;
  let dx = i32(tap % params.kernelWidth) * params.dilation - params.padding;
  // Channels past the last are summed as it is and not stored.
  let a0 = min(a, params.a - 1u);
  let a1 = min(a + 8u, params.a - 1u);
  let a2 = min(a + 16u, params.a - 1u);
  let a3 = min(a + 24u, params.a - 1u);
  let b0 = min(b + lane, params.b - 1u);
  let b1 = min(b + 8u + lane, params.b - 1u);
  let x0 = firstAtLeast(0, dx);
  let x1 = min(i32(params.smallWidth), firstAtLeast(i32(params.largeWidth), dx));
  let rows = params.batch * params.smallHeight;
  let z = mat2x4<f32>();
  // Large channel a + 8·i times small channels b …, b + 8 …
  var q0 = z; var q1 = z; var q2 = z; var q3 = z;
  var r0 = z; var r1 = z; var r2 = z; var r3 = z;
  let end = stripBegin(rows, split + 1u);
  for (var row = stripBegin(rows, split); row < end; row++) {
    let image = row / params.smallHeight;
    let iy = i32(row % params.smallHeight) * params.stride + dy;
    if (iy < 0 || iy >= i32(params.largeHeight)) { continue; }
    let base = (i32(image * params.largeHeight) + iy) * i32(params.largeWidth) + dx;
    for (var j = x0; j < x1; j++) {
      let first = (row * params.smallWidth + u32(j)) * params.b;
      let at = u32(base + j * params.stride) * params.largePitch + params.largeStart;
      let v0 = f32(large[at + a0]);
      let v1 = f32(large[at + a1]);
      let v2 = f32(large[at + a2]);
      let v3 = f32(large[at + a3]);
      let s = spread(f32(small[first + b0]));
      q0 += v0 * s;
      q1 += v1 * s;
      q2 += v2 * s;
      q3 += v3 * s;
      let t = spread(f32(small[first + b1]));
      r0 += v0 * t;
      r1 += v1 * t;
      r2 += v2 * t;
      r3 += v3 * t;
    }
  }
  // A loop instead of 64 stores, for the compiler's sake: see conv2d.halo8.wgsl.
  var sums = array<mat2x4<f32>, 8>(q0, r0, q1, r1, q2, r2, q3, r3);
  for (var i = 0u; i < min(32u, params.a - group.x * 32u); i += 8u) {
    if (a + i >= params.a) { return; }
    let at = split * params.count + (tap * params.a + a + i) * params.b + b;
    for (var j = 0u; j < min(16u, params.b - b); j++) {
      partial[at + j] = sums[i / 4u + j / 8u][j / 4u % 2u][j % 4u];
    }
  }
}
