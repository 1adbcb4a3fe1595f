// Convolution for any number of channels on software adapters, as an outer product across quads of lanes: a workgroup
// computes 16 output pixels times LANES·4 channels. Each lane owns 4 channels; it loads every fourth pixel's input, and
// the quad trades the pixels by swaps. For the layers whose channels are no multiple of 4, such as the first and the
// last. Coordinates as in conv2d.subgroup4.wgsl with up = 1.
enable subgroups;

override LANES: u32 = 4u;

// @include grid

struct Params {
  pixels: u32,
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
  // steps of the weight's index from one channel in (k) or out (m) to the next
  weightK: u32,
  weightM: u32,
  // 0 or 1
  hasBias: u32,
  relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

// Four pixels (columns), this lane's first, times this lane's four channels.
fn outer(v: f32, r: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(v * r, quadSwapX(v) * r, quadSwapY(v) * r, quadSwapDiagonal(v) * r);
}

struct Pixel {
  image: i32,
  row: i32,
  column: i32,
}

fn locate(index: u32) -> Pixel {
  let row = index / params.outWidth;
  let image = row / params.outHeight;
  let y = i32(row - image * params.outHeight) * params.stride + params.offsetY;
  let x = i32(index - row * params.outWidth) * params.stride + params.offsetX;
  return Pixel(i32(image * params.inHeight), y, x);
}

// Index of the pixel's first channel in the input, or a negative number outside the image.
// Conditions join by & on purpose: see conv2d.subgroup4.wgsl.
fn source(p: Pixel, dy: i32, dx: i32) -> i32 {
  let row = p.row + dy;
  let column = p.column + dx;
  let inside = (row >= 0) & (column >= 0) & (row < i32(params.inHeight)) & (column < i32(params.inWidth));
  return select(-1, ((p.image + row) * i32(params.inWidth) + column) * i32(params.k), inside);
}

fn fetch(base: i32, k: u32) -> f32 {
  return select(0.0, x[u32(max(base, 0)) + k], base >= 0);
}

// @include quadStore

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) index: u32) {
  let group = workgroupAt(id);
  let lane = index % 4u;
  let first = group.x * 16u;
  let last = params.pixels - 1u;
  let own = (group.y * LANES + index) * 4u;
  let m = min(vec4<u32>(own, own + 1u, own + 2u, own + 3u), vec4<u32>(params.m - 1u));
  let p0 = locate(min(first + lane, last));
  let p1 = locate(min(first + 4u + lane, last));
  let p2 = locate(min(first + 8u + lane, last));
  let p3 = locate(min(first + 12u + lane, last));
  var start = vec4<f32>();
  if (params.hasBias == 1u) { start = vec4<f32>(bias[m.x], bias[m.y], bias[m.z], bias[m.w]); }
  let s = mat4x4<f32>(start, start, start, start);
  var q0 = s;
  var q1 = s;
  var q2 = s;
  var q3 = s;
  var at = m * params.weightM;
  for (var ky = 0u; ky < params.kernelHeight; ky++) {
    let dy = i32(ky) * params.dilation;
    for (var kx = 0u; kx < params.kernelWidth; kx++) {
      let dx = i32(kx) * params.dilation;
      let b0 = source(p0, dy, dx);
      let b1 = source(p1, dy, dx);
      let b2 = source(p2, dy, dx);
      let b3 = source(p3, dy, dx);
      for (var k = 0u; k < params.k; k++) {
        let i = at + k * params.weightK;
        let r = vec4<f32>(w[i.x], w[i.y], w[i.z], w[i.w]);
        q0 += outer(fetch(b0, k), r);
        q1 += outer(fetch(b1, k), r);
        q2 += outer(fetch(b2, k), r);
        q3 += outer(fetch(b3, k), r);
      }
      at += params.k * params.m;
    }
  }
  store(q0, first, lane, m);
  store(q1, first + 4u, lane, m);
  store(q2, first + 8u, lane, m);
  store(q3, first + 12u, lane, m);
}
