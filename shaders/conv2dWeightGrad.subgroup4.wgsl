// Gradient of a convolution's weight as an outer product across a subgroup of 4, for software adapters. One workgroup
// is one subgroup; it sums one tap's block of 32 channels of the large image times 16 of the small one over a strip of
// rows. Each lane owns 4 small channels; the large image's channels are loaded once and broadcast.
//
// dw[tap][a][b] = Σ large[n, j·stride + tap·dilation - padding, a] · small[n, j, b], over the small image's pixels j.
enable subgroups;

// Whether the block has 32 large channels or only 16.
override WIDE: bool = true;

// @include grid

// @include correlation

@group(0) @binding(1) var<storage, read> large: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> small: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4<f32>>;

// Large channels are the rows, this lane's small ones the columns.
// @include outer

fn store(q: mat4x4<f32>, at: u32, a: u32, b: u32) {
  for (var i = 0u; i < 4u; i++) {
    if (a + i < params.a && b < params.b) { partial[(at + (a + i) * params.b + b) / 4u] = q[i]; }
  }
}

// @include firstAtLeast

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let group = workgroupAt(id);
  let a0 = group.x * select(16u, 32u, WIDE);
  let b = group.y * 16u + lane * 4u;
  let split = group.z % params.splits;
  let tap = group.z / params.splits;
  let dy = i32(params.firstRow + tap / params.kernelWidth) * params.dilation - params.padding;
  let dx = i32(tap % params.kernelWidth) * params.dilation - params.padding;
  // Lanes past the last channel sum its values and do not store.
  let ownB = min(b, params.b - 4u) / 4u;
  let ownA = min(a0 + lane * 4u, params.a - 4u) / 4u;
  let ownA2 = min(a0 + 16u + lane * 4u, params.a - 4u) / 4u;
  let x0 = firstAtLeast(0, dx);
  let x1 = min(i32(params.smallWidth), firstAtLeast(i32(params.largeWidth), dx));
  let rows = params.batch * params.smallHeight;
  let z = mat4x4<f32>();
  var q0 = z; var q1 = z; var q2 = z; var q3 = z;
  var q4 = z; var q5 = z; var q6 = z; var q7 = z;
  let end = stripBegin(rows, split + 1u);
  for (var row = stripBegin(rows, split); row < end; row++) {
    let image = row / params.smallHeight;
    let iy = i32(row % params.smallHeight) * params.stride + dy;
    if (iy < 0 || iy >= i32(params.largeHeight)) { continue; }
    let base = (i32(image * params.largeHeight) + iy) * i32(params.largeWidth) + dx;
    for (var j = x0; j < x1; j++) {
      let s = small[(row * params.smallWidth + u32(j)) * (params.b / 4u) + ownB];
      let at = (u32(base + j * params.stride) * params.largePitch + params.largeStart) / 4u;
      let v = large[at + ownA];
      q0 += outer(subgroupBroadcast(v, 0u), s);
      q1 += outer(subgroupBroadcast(v, 1u), s);
      q2 += outer(subgroupBroadcast(v, 2u), s);
      q3 += outer(subgroupBroadcast(v, 3u), s);
      if (WIDE) {
        let v2 = large[at + ownA2];
        q4 += outer(subgroupBroadcast(v2, 0u), s);
        q5 += outer(subgroupBroadcast(v2, 1u), s);
        q6 += outer(subgroupBroadcast(v2, 2u), s);
        q7 += outer(subgroupBroadcast(v2, 3u), s);
      }
    }
  }
  let at = split * params.count + tap * params.a * params.b;
  store(q0, at, a0, b);
  store(q1, at, a0 + 4u, b);
  store(q2, at, a0 + 8u, b);
  store(q3, at, a0 + 12u, b);
  if (WIDE) {
    store(q4, at, a0 + 16u, b);
    store(q5, at, a0 + 20u, b);
    store(q6, at, a0 + 24u, b);
    store(q7, at, a0 + 28u, b);
  }
}
