// 3×3 convolution with stride 1 from few input channels, the first layer's, for software adapters: as
// conv2d.quad.wgsl, 16 output pixels times LANES·4 channels a workgroup, with all nine taps of an input channel in one
// expression, for SwiftShader writes a variable four times slower than it multiplies.
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
  // input pixel of the first tap of output pixel (0, 0)
  originY: i32,
  originX: i32,
  // index of the first tap's weight, and steps to the next tap, channel in and channel out
  weightOrigin: u32,
  weightTap: i32,
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

// The nine inputs of an output pixel.
struct Patch {
  a: vec3<f32>,
  b: vec3<f32>,
  c: vec3<f32>,
}

// The nine taps of one input channel, times this lane's four output channels.
struct Taps {
  a: mat3x4<f32>,
  b: mat3x4<f32>,
  c: mat3x4<f32>,
}

fn tapAt(tap: i32, k: u32, m: vec4<u32>) -> vec4<f32> {
  let i = u32(i32(params.weightOrigin) + tap * params.weightTap) + k * params.weightK + m * params.weightM;
  return vec4<f32>(w[i.x], w[i.y], w[i.z], w[i.w]);
}

fn tapsOf(k: u32, m: vec4<u32>) -> Taps {
  return Taps(
    mat3x4<f32>(tapAt(0, k, m), tapAt(1, k, m), tapAt(2, k, m)),
    mat3x4<f32>(tapAt(3, k, m), tapAt(4, k, m), tapAt(5, k, m)),
    mat3x4<f32>(tapAt(6, k, m), tapAt(7, k, m), tapAt(8, k, m)),
  );
}

// Three rows or columns of pixels: their parts of the index, which stay valid outside the image, and which are inside.
struct Lines {
  at: vec3<u32>,
  inside: vec3<bool>,
}

fn linesFrom(first: i32, size: u32) -> Lines {
  let line = vec3<i32>(first) + vec3<i32>(0, 1, 2);
  let last = vec3<i32>(i32(size) - 1);
  return Lines(vec3<u32>(clamp(line, vec3<i32>(), last)), (line >= vec3<i32>()) & (line <= last));
}

fn inputRow(at: u32, inside: bool, columns: Lines) -> vec3<f32> {
  let i = vec3<u32>(at) + columns.at * params.k;
  let v = vec3<f32>(x[i.x], x[i.y], x[i.z]);
  return select(vec3<f32>(), v, columns.inside & vec3<bool>(inside));
}

struct Pixel {
  image: u32,
  rows: Lines,
  columns: Lines,
}

fn locate(index: u32) -> Pixel {
  let row = index / params.outWidth;
  let image = row / params.outHeight;
  let top = i32(row - image * params.outHeight) + params.originY;
  let left = i32(index - row * params.outWidth) + params.originX;
  return Pixel(image * params.inHeight, linesFrom(top, params.inHeight), linesFrom(left, params.inWidth));
}

fn patchOf(p: Pixel, k: u32) -> Patch {
  let at = (vec3<u32>(p.image) + p.rows.at) * params.inWidth * params.k + k;
  return Patch(
    inputRow(at.x, p.rows.inside.x, p.columns),
    inputRow(at.y, p.rows.inside.y, p.columns),
    inputRow(at.z, p.rows.inside.z, p.columns),
  );
}

fn sum(t: Taps, p: Patch) -> vec4<f32> {
  return t.a * p.a + t.b * p.b + t.c * p.c;
}

// The quad's four pixels (columns), this lane's first.
fn convolve(t: Taps, p: Patch) -> mat4x4<f32> {
  return mat4x4<f32>(
    sum(t, p),
    sum(t, Patch(quadSwapX(p.a), quadSwapX(p.b), quadSwapX(p.c))),
    sum(t, Patch(quadSwapY(p.a), quadSwapY(p.b), quadSwapY(p.c))),
    sum(t, Patch(quadSwapDiagonal(p.a), quadSwapDiagonal(p.b), quadSwapDiagonal(p.c))),
  );
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
  for (var k = 0u; k < params.k; k++) {
    let t = tapsOf(k, m);
    q0 += convolve(t, patchOf(p0, k));
    q1 += convolve(t, patchOf(p1, k));
    q2 += convolve(t, patchOf(p2, k));
    q3 += convolve(t, patchOf(p3, k));
  }
  store(q0, first, lane, m);
  store(q1, first + 4u, lane, m);
  store(q2, first + 8u, lane, m);
  store(q3, first + 12u, lane, m);
}
