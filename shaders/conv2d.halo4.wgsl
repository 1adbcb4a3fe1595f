// 3×3 convolution with stride 1 for software adapters with subgroups of 4: one workgroup is one subgroup and computes
// 8×4 output pixels times 16 channels, 4 a lane. Per 4 input channels it loads the 10×6 pixels it needs once, spread
// over the lanes, and broadcasts each to all nine taps. Transposed, it is the gradient of the input: the kernel
// turned by 180 degrees and its channels swapped.
enable subgroups;

override TRANSPOSED: bool = false;

// @include grid

struct Params {
  tilesX: u32,
  tilesY: u32,
  outHeight: u32,
  outWidth: u32,
  inHeight: u32,
  inWidth: u32,
  k: u32,
  m: u32,
  // input pixel of the first tap of output pixel (0, 0)
  originY: i32,
  originX: i32,
  // 0 or 1
  hasBias: u32,
  relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;

// Input channels k … k+3 (columns) to this lane's four output channels, of one tap.
fn weights(tap: u32, k: u32, m: u32) -> mat4x4<f32> {
  if (TRANSPOSED) {
    let i = (((8u - tap) * params.m + m) * params.k + k) / 4u;
    let s = params.k / 4u;
    return transpose(mat4x4<f32>(w[i], w[i + s], w[i + 2u * s], w[i + 3u * s]));
  }
  let i = ((tap * params.k + k) * params.m + m) / 4u;
  let s = params.m / 4u;
  return mat4x4<f32>(w[i], w[i + s], w[i + 2u * s], w[i + 3u * s]);
}

// Conditions join by & on purpose: see conv2d.subgroup4.wgsl.
fn fetch(row: i32, column: i32, image: u32, k: u32) -> vec4<f32> {
  let inside = (row >= 0) & (column >= 0) & (row < i32(params.inHeight)) & (column < i32(params.inWidth));
  let at = ((i32(image * params.inHeight) + row) * i32(params.inWidth) + column) * i32(params.k / 4u);
  return select(vec4<f32>(), x[u32(select(0, at, inside)) + k], inside);
}

// One row of the input: ten neighbouring pixels, the same in every lane.
struct Row {
  h0: vec4<f32>, h1: vec4<f32>, h2: vec4<f32>, h3: vec4<f32>, h4: vec4<f32>,
  h5: vec4<f32>, h6: vec4<f32>, h7: vec4<f32>, h8: vec4<f32>, h9: vec4<f32>,
}

fn load(row: i32, column: i32, image: u32, k: u32) -> Row {
  let u = fetch(row, column, image, k);
  let v = fetch(row, column + 4, image, k);
  let t = fetch(row, column + 8, image, k);
  return Row(
    subgroupBroadcast(u, 0u), subgroupBroadcast(u, 1u), subgroupBroadcast(u, 2u), subgroupBroadcast(u, 3u),
    subgroupBroadcast(v, 0u), subgroupBroadcast(v, 1u), subgroupBroadcast(v, 2u), subgroupBroadcast(v, 3u),
    subgroupBroadcast(t, 0u), subgroupBroadcast(t, 1u),
  );
}

// One kernel row applied to output pixels 0..3 and 4..7 of a row.
fn left(u: mat4x4<f32>, v: mat4x4<f32>, t: mat4x4<f32>, r: Row) -> mat4x4<f32> {
  return mat4x4<f32>(
    u * r.h0 + v * r.h1 + t * r.h2,
    u * r.h1 + v * r.h2 + t * r.h3,
    u * r.h2 + v * r.h3 + t * r.h4,
    u * r.h3 + v * r.h4 + t * r.h5,
  );
}

fn right(u: mat4x4<f32>, v: mat4x4<f32>, t: mat4x4<f32>, r: Row) -> mat4x4<f32> {
  return mat4x4<f32>(
    u * r.h4 + v * r.h5 + t * r.h6,
    u * r.h5 + v * r.h6 + t * r.h7,
    u * r.h6 + v * r.h7 + t * r.h8,
    u * r.h7 + v * r.h8 + t * r.h9,
  );
}

fn put(v: vec4<f32>, image: u32, oy: u32, ox: u32, m: u32) {
  let at = ((image * params.outHeight + oy) * params.outWidth + ox) * params.m + m;
  let inside = (m < params.m) & (oy < params.outHeight) & (ox < params.outWidth);
  if (inside) { y[at / 4u] = select(v, select(v, vec4<f32>(), v < vec4<f32>()), params.relu == 1u); }
}

fn store(q: mat4x4<f32>, image: u32, oy: u32, ox: u32, m: u32) {
  put(q[0], image, oy, ox, m);
  put(q[1], image, oy, ox + 1u, m);
  put(q[2], image, oy, ox + 2u, m);
  put(q[3], image, oy, ox + 3u, m);
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let group = workgroupAt(id);
  let tileX = group.x % params.tilesX;
  let line = group.x / params.tilesX;
  let image = line / params.tilesY;
  let oy = (line % params.tilesY) * 4u;
  let ox = tileX * 8u;
  let m = group.y * 16u + lane * 4u;
  // Lanes past the last channel compute on its weights and do not store.
  let own = min(m, params.m - 4u);
  let top = i32(oy) + params.originY;
  let edge = i32(ox + lane) + params.originX;
  var start = vec4<f32>();
  if (params.hasBias == 1u) { start = bias[own / 4u]; }
  let s = mat4x4<f32>(start, start, start, start);
  // Output row r: pixels 0..3 in a, 4..7 in b.
  var a0 = s; var a1 = s; var a2 = s; var a3 = s;
  var b0 = s; var b1 = s; var b2 = s; var b3 = s;
  for (var k = 0u; k < params.k / 4u; k++) {
    let w00 = weights(0u, k * 4u, own);
    let w01 = weights(1u, k * 4u, own);
    let w02 = weights(2u, k * 4u, own);
    let w10 = weights(3u, k * 4u, own);
    let w11 = weights(4u, k * 4u, own);
    let w12 = weights(5u, k * 4u, own);
    let w20 = weights(6u, k * 4u, own);
    let w21 = weights(7u, k * 4u, own);
    let w22 = weights(8u, k * 4u, own);
    // Each input row is loaded once and reaches the output rows it lies under.
    let r0 = load(top + 0, edge, image, k);
    a0 += left(w00, w01, w02, r0);
    b0 += right(w00, w01, w02, r0);
    let r1 = load(top + 1, edge, image, k);
    a1 += left(w00, w01, w02, r1);
    b1 += right(w00, w01, w02, r1);
    a0 += left(w10, w11, w12, r1);
    b0 += right(w10, w11, w12, r1);
    let r2 = load(top + 2, edge, image, k);
    a2 += left(w00, w01, w02, r2);
    b2 += right(w00, w01, w02, r2);
    a1 += left(w10, w11, w12, r2);
    b1 += right(w10, w11, w12, r2);
    a0 += left(w20, w21, w22, r2);
    b0 += right(w20, w21, w22, r2);
    let r3 = load(top + 3, edge, image, k);
    a3 += left(w00, w01, w02, r3);
    b3 += right(w00, w01, w02, r3);
    a2 += left(w10, w11, w12, r3);
    b2 += right(w10, w11, w12, r3);
    a1 += left(w20, w21, w22, r3);
    b1 += right(w20, w21, w22, r3);
    let r4 = load(top + 4, edge, image, k);
    a3 += left(w10, w11, w12, r4);
    b3 += right(w10, w11, w12, r4);
    a2 += left(w20, w21, w22, r4);
    b2 += right(w20, w21, w22, r4);
    let r5 = load(top + 5, edge, image, k);
    a3 += left(w20, w21, w22, r5);
    b3 += right(w20, w21, w22, r5);
  }
  store(a0, image, oy, ox, m);
  store(b0, image, oy, ox + 4u, m);
  store(a1, image, oy + 1u, ox, m);
  store(b1, image, oy + 1u, ox + 4u, m);
  store(a2, image, oy + 2u, ox, m);
  store(b2, image, oy + 2u, ox + 4u, m);
  store(a3, image, oy + 3u, ox, m);
  store(b3, image, oy + 3u, ox + 4u, m);
}
