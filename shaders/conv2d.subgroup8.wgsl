// Convolution as an outer product across a subgroup of 8, for software adapters: one workgroup is one subgroup and
// computes 32 output pixels times 16 channels, 2 a lane. Each lane loads every eighth pixel's input channel and
// broadcasts it; any kernel, stride and channel count. Coordinates as in conv2d.subgroup4.wgsl.
enable subgroups;
// Images and weight are E; products and sums are f32.
// @variant E = f16
alias E = f32;

// @include grid

struct Params {
  pixels: u32,
  classHeight: u32,
  classWidth: u32,
  // residue classes across
  classesX: u32,
  outHeight: u32,
  outWidth: u32,
  inHeight: u32,
  inWidth: u32,
  k: u32,
  m: u32,
  kernelHeight: u32,
  kernelWidth: u32,
  stride: i32,
  dilation: i32,
  offsetY: i32,
  offsetX: i32,
  up: i32,
  // 0 or 1
  hasBias: u32,
  relu: u32,
  // from input to input and from output to output channel of the weight
  weightK: u32,
  weightM: u32,
  xPitch: u32,
  xStart: u32,
  yPitch: u32,
  yStart: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<E>;
@group(0) @binding(2) var<storage, read> w: array<E>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<E>;

struct Pixel {
  image: u32,
  row: i32,
  column: i32,
}

fn locate(index: u32) -> Pixel {
  let at = min(index, params.pixels - 1u);
  let row = at / params.classWidth;
  let image = row / params.classHeight;
  return Pixel(image, i32(row - image * params.classHeight), i32(at - row * params.classWidth));
}

// Index of the pixel's input, or a negative number outside the image.
fn source(p: Pixel, dy: i32, dx: i32) -> i32 {
  let iy = p.row * params.stride + dy;
  let ix = p.column * params.stride + dx;
  let inside = (iy >= 0) & (ix >= 0) & (iy < i32(params.inHeight)) & (ix < i32(params.inWidth));
  let at = ((i32(p.image * params.inHeight) + iy) * i32(params.inWidth) + ix) * i32(params.xPitch);
  return select(-1, at + i32(params.xStart), inside);
}

fn fetch(base: i32, k: u32, inside: bool) -> f32 {
  return select(0.0, f32(x[u32(max(base, 0)) + k]), (base >= 0) & inside);
}

// Four input channels; those past the last are it again, and count as zero, input and weight alike.
struct Channels {
  at: vec4<u32>,
  inside: vec4<bool>,
}

fn channelsFrom(k: u32) -> Channels {
  let channels = vec4<u32>(k, k + 1u, k + 2u, k + 3u);
  return Channels(min(channels, vec4<u32>(params.k - 1u)), channels < vec4<u32>(params.k));
}

// Their weights to one output channel.
fn weights(base: u32, k: Channels) -> vec4<f32> {
  let at = base + k.at * params.weightK;
  return select(vec4<f32>(), vec4<f32>(f32(w[at.x]), f32(w[at.y]), f32(w[at.z]), f32(w[at.w])), k.inside);
}

// @include spread8

// Adds four input channels of eight pixels to this lane's two channels; lane i of the subgroup loads pixel i.
fn outer(q: mat4x4<f32>, base: i32, k: Channels, u: vec4<f32>, v: vec4<f32>) -> mat4x4<f32> {
  let a = spread(fetch(base, k.at.x, true));
  let b = spread(fetch(base, k.at.y, k.inside.y));
  let c = spread(fetch(base, k.at.z, k.inside.z));
  let d = spread(fetch(base, k.at.w, k.inside.w));
  return mat4x4<f32>(
    q[0] + u.x * a[0] + u.y * b[0] + u.z * c[0] + u.w * d[0],
    q[1] + u.x * a[1] + u.y * b[1] + u.z * c[1] + u.w * d[1],
    q[2] + v.x * a[0] + v.y * b[0] + v.z * c[0] + v.w * d[0],
    q[3] + v.x * a[1] + v.y * b[1] + v.z * c[1] + v.w * d[1],
  );
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let group = workgroupAt(id);
  let first = group.x * 32u;
  let m = group.y * 16u + lane;
  // Channels past the last are computed on its weights and not stored.
  let m0 = min(m, params.m - 1u);
  let m1 = min(m + 8u, params.m - 1u);
  let ry = group.z / params.classesX;
  let rx = group.z % params.classesX;
  let p0 = locate(first + lane);
  let p1 = locate(first + 8u + lane);
  let p2 = locate(first + 16u + lane);
  let p3 = locate(first + 24u + lane);
  let a = vec4<f32>(select(0.0, bias[m0], params.hasBias == 1u));
  let b = vec4<f32>(select(0.0, bias[m1], params.hasBias == 1u));
  let s = mat4x4<f32>(a, a, b, b);
  var q0 = s; var q1 = s; var q2 = s; var q3 = s;
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
      let tap = (ky * params.kernelWidth + kx) * params.k * params.m;
      let w0 = tap + m0 * params.weightM;
      let w1 = tap + m1 * params.weightM;
      for (var k = 0u; k < params.k; k += 4u) {
        let ks = channelsFrom(k);
        let u = weights(w0, ks);
        let v = weights(w1, ks);
        q0 = outer(q0, b0, ks, u, v);
        q1 = outer(q1, b1, ks, u, v);
        q2 = outer(q2, b2, ks, u, v);
        q3 = outer(q3, b3, ks, u, v);
      }
    }
  }
  // A loop instead of 64 stores: lavapipe takes most of its time to compile on those.
  var sums = array<mat4x4<f32>, 4>(q0, q1, q2, q3);
  for (var i = 0u; i < min(32u, params.pixels - first); i++) {
    let p = locate(first + i);
    let oy = u32(p.row * params.up) + ry;
    let ox = u32(p.column * params.up) + rx;
    if ((oy >= params.outHeight) | (ox >= params.outWidth)) { continue; }
    let at = ((p.image * params.outHeight + oy) * params.outWidth + ox) * params.yPitch + params.yStart;
    let half = i / 4u % 2u;
    let u = sums[i / 8u][half][i % 4u];
    let v = sums[i / 8u][half + 2u][i % 4u];
    if (m < params.m) { y[at + m] = E(select(u, select(u, 0.0, u < 0.0), params.relu == 1u)); }
    if (m + 8u < params.m) { y[at + m + 8u] = E(select(v, select(v, 0.0, v < 0.0), params.relu == 1u)); }
  }
}
