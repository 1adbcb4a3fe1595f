// Convolution as an outer product across a subgroup of 4, for software adapters: a load costs as much as ten
// multiply-adds, a broadcast far less. One workgroup is one subgroup. It computes 32 output pixels times 16 channels:
// each lane owns 4 channels (one vec4), loads every fourth pixel's 4 input channels, and broadcasts them in turn.
//
// Output pixel o = up·j + r reads input i = j·stride + (r + tap·dilation + offset) / up where that divides: up = 1 is
// a convolution, up > 1 its adjoint (transposed convolution, gradient of the input of a strided one).
enable subgroups;

// Weight is [tap][k][m]; transposed it is [tap][m][k], as the gradient of the input reads it.
override TRANSPOSED: bool = false;

// @include grid

// @include gather

@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f32>>;

// Four pixels (columns) times this lane's four channels; lane i of the subgroup holds pixel i's input.
fn outer(v: vec4<f32>, r: mat4x4<f32>) -> mat4x4<f32> {
  let a = subgroupBroadcast(v, 0u);
  let b = subgroupBroadcast(v, 1u);
  let c = subgroupBroadcast(v, 2u);
  let d = subgroupBroadcast(v, 3u);
  return mat4x4<f32>(r * a, r * b, r * c, r * d);
}

// Rows k … k+3 of the weight for this lane's four channels, as the columns of a matrix.
fn weights(tap: u32, k: u32, m: u32) -> mat4x4<f32> {
  if (TRANSPOSED) {
    let i = ((tap * params.m + m) * params.k + k) / 4u;
    let s = params.k / 4u;
    return transpose(mat4x4<f32>(w[i], w[i + s], w[i + 2u * s], w[i + 3u * s]));
  }
  let i = ((tap * params.k + k) * params.m + m) / 4u;
  let s = params.m / 4u;
  return mat4x4<f32>(w[i], w[i + s], w[i + 2u * s], w[i + 3u * s]);
}

struct Pixel {
  image: u32,
  row: i32,
  column: i32,
}

fn locate(index: u32) -> Pixel {
  let row = index / params.classWidth;
  let image = row / params.classHeight;
  return Pixel(image, i32(row - image * params.classHeight), i32(index - row * params.classWidth));
}

// Conditions here and below join by & on purpose: each && is a branch, and with this many live accumulators
// SwiftShader's compiler then takes twenty times as long.
// Index of the pixel's first vec4 of input, or a negative number outside the image.
fn source(p: Pixel, dy: i32, dx: i32) -> i32 {
  let iy = p.row * params.stride + dy;
  let ix = p.column * params.stride + dx;
  let inside = (iy >= 0) & (ix >= 0) & (iy < i32(params.inHeight)) & (ix < i32(params.inWidth));
  let at = ((i32(p.image * params.inHeight) + iy) * i32(params.inWidth) + ix) * i32(params.xPitch / 4u);
  return select(-1, at + i32(params.xStart / 4u), inside);
}

fn fetch(base: i32, k: u32) -> vec4<f32> {
  return select(vec4<f32>(), x[u32(max(base, 0)) + k], base >= 0);
}

fn put(v: vec4<f32>, index: u32, ry: u32, rx: u32, m: u32) {
  let p = locate(min(index, params.pixels - 1u));
  let oy = u32(p.row * params.up) + ry;
  let ox = u32(p.column * params.up) + rx;
  let at = ((p.image * params.outHeight + oy) * params.outWidth + ox) * params.yPitch + params.yStart + m;
  let inside = (index < params.pixels) & (m < params.m) & (oy < params.outHeight) & (ox < params.outWidth);
  if (inside) { y[at / 4u] = select(v, select(v, vec4<f32>(), v < vec4<f32>()), params.relu == 1u); }
}

fn store(q: mat4x4<f32>, first: u32, ry: u32, rx: u32, m: u32) {
  put(q[0], first, ry, rx, m);
  put(q[1], first + 1u, ry, rx, m);
  put(q[2], first + 2u, ry, rx, m);
  put(q[3], first + 3u, ry, rx, m);
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let group = workgroupAt(id);
  let first = group.x * 32u;
  let m = group.y * 16u + lane * 4u;
  // Lanes past the last channel compute on its weights and do not store.
  let own = min(m, params.m - 4u);
  let ry = group.z / params.classesX;
  let rx = group.z % params.classesX;
  let last = params.pixels - 1u;
  let p0 = locate(min(first + lane, last));
  let p1 = locate(min(first + 4u + lane, last));
  let p2 = locate(min(first + 8u + lane, last));
  let p3 = locate(min(first + 12u + lane, last));
  let p4 = locate(min(first + 16u + lane, last));
  let p5 = locate(min(first + 20u + lane, last));
  let p6 = locate(min(first + 24u + lane, last));
  let p7 = locate(min(first + 28u + lane, last));
  var start = vec4<f32>();
  if (params.hasBias == 1u) { start = bias[own / 4u]; }
  let s = mat4x4<f32>(start, start, start, start);
  var q0 = s; var q1 = s; var q2 = s; var q3 = s;
  var q4 = s; var q5 = s; var q6 = s; var q7 = s;
  for (var ky = 0u; ky < params.kernelHeight; ky++) {
    let ty = i32(ry) + i32(ky) * params.dilation + params.offsetY;
    if (ty % params.up != 0) { continue; }
    for (var kx = 0u; kx < params.kernelWidth; kx++) {
      let tx = i32(rx) + i32(kx) * params.dilation + params.offsetX;
      if (tx % params.up != 0) { continue; }
      let dy = ty / params.up;
      let dx = tx / params.up;
      let b0 = source(p0, dy, dx);
      let b1 = source(p1, dy, dx);
      let b2 = source(p2, dy, dx);
      let b3 = source(p3, dy, dx);
      let b4 = source(p4, dy, dx);
      let b5 = source(p5, dy, dx);
      let b6 = source(p6, dy, dx);
      let b7 = source(p7, dy, dx);
      let tap = ky * params.kernelWidth + kx;
      for (var k = 0u; k < params.k / 4u; k++) {
        let r = weights(tap, k * 4u, own);
        q0 += outer(fetch(b0, k), r);
        q1 += outer(fetch(b1, k), r);
        q2 += outer(fetch(b2, k), r);
        q3 += outer(fetch(b3, k), r);
        q4 += outer(fetch(b4, k), r);
        q5 += outer(fetch(b5, k), r);
        q6 += outer(fetch(b6, k), r);
        q7 += outer(fetch(b7, k), r);
      }
    }
  }
  store(q0, first, ry, rx, m);
  store(q1, first + 4u, ry, rx, m);
  store(q2, first + 8u, ry, rx, m);
  store(q3, first + 12u, ry, rx, m);
  store(q4, first + 16u, ry, rx, m);
  store(q5, first + 20u, ry, rx, m);
  store(q6, first + 24u, ry, rx, m);
  store(q7, first + 28u, ry, rx, m);
}
