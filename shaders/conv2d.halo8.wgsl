// 3×3 convolution with stride 1 for software adapters with subgroups of 8: one workgroup is one subgroup and computes
// four tiles of 4×4 output pixels times 8 channels, one a lane. Per input channel a tile's 6×6 pixels are loaded once,
// spread over the lanes, and broadcast to all nine taps. Tiles are counted over the batch, so that small images waste
// nothing. Transposed, it is the gradient of the input: the kernel turned by 180 degrees and its channels swapped.
enable subgroups;

struct Params {
  // tiles in a row, in an image, and over the batch
  tilesX: u32,
  tilesY: u32,
  tiles: u32,
  outHeight: u32,
  outWidth: u32,
  inHeight: u32,
  inWidth: u32,
  k: u32,
  m: u32,
  // input pixel of the first tap of output pixel (0, 0)
  originY: i32,
  originX: i32,
  // index of tap 0, and from tap to tap, input to input and output to output channel of the weight
  weightOrigin: i32,
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

struct Tile {
  image: u32,
  oy: u32,
  ox: u32,
}

fn locate(index: u32) -> Tile {
  let tile = min(index, params.tiles - 1u);
  let line = tile / params.tilesX;
  let image = line / params.tilesY;
  return Tile(image, (line - image * params.tilesY) * 4u, (tile - line * params.tilesX) * 4u);
}

// Index of pixel `p` (of 36) of the tile's input, or a negative number outside the image.
fn source(t: Tile, p: u32) -> i32 {
  let row = i32(t.oy + p / 6u) + params.originY;
  let column = i32(t.ox + p % 6u) + params.originX;
  let inside = (row >= 0) & (column >= 0) & (row < i32(params.inHeight)) & (column < i32(params.inWidth));
  let at = ((i32(t.image * params.inHeight) + row) * i32(params.inWidth) + column) * i32(params.k);
  return select(-1, at, inside);
}

// Where this lane finds pixels lane, lane + 8, … of a tile's 6×6.
struct Halo {
  a: i32, b: i32, c: i32, d: i32, e: i32,
}

fn halo(t: Tile, lane: u32) -> Halo {
  return Halo(
    source(t, lane), source(t, lane + 8u), source(t, lane + 16u), source(t, lane + 24u), source(t, min(lane + 32u, 35u)),
  );
}

fn fetch(base: i32, k: u32) -> f32 {
  return select(0.0, x[u32(max(base, 0)) + k], base >= 0);
}

fn weight(tap: u32, k: u32, m: u32) -> f32 {
  return w[u32(params.weightOrigin + i32(tap) * params.weightTap) + k * params.weightK + m * params.weightM];
}

// The nine taps of one input channel to this lane's output channel.
struct Kernel {
  w00: f32, w01: f32, w02: f32,
  w10: f32, w11: f32, w12: f32,
  w20: f32, w21: f32, w22: f32,
}

// Six neighbouring pixels under one kernel row, for four output pixels.
fn under(u: f32, v: f32, t: f32, h0: f32, h1: f32, h2: f32, h3: f32, h4: f32, h5: f32) -> vec4<f32> {
  return u * vec4<f32>(h0, h1, h2, h3) + v * vec4<f32>(h1, h2, h3, h4) + t * vec4<f32>(h2, h3, h4, h5);
}

// What input channel k adds to the tile's 4×4 pixels, a row a column of the matrix.
fn convolve(h: Halo, k: u32, q: Kernel) -> mat4x4<f32> {
  let a = fetch(h.a, k);
  let b = fetch(h.b, k);
  let c = fetch(h.c, k);
  let d = fetch(h.d, k);
  let e = fetch(h.e, k);
  let p00 = subgroupBroadcast(a, 0u);
  let p01 = subgroupBroadcast(a, 1u);
  let p02 = subgroupBroadcast(a, 2u);
  let p03 = subgroupBroadcast(a, 3u);
  let p04 = subgroupBroadcast(a, 4u);
  let p05 = subgroupBroadcast(a, 5u);
  let p10 = subgroupBroadcast(a, 6u);
  let p11 = subgroupBroadcast(a, 7u);
  let p12 = subgroupBroadcast(b, 0u);
  let p13 = subgroupBroadcast(b, 1u);
  let p14 = subgroupBroadcast(b, 2u);
  let p15 = subgroupBroadcast(b, 3u);
  let p20 = subgroupBroadcast(b, 4u);
  let p21 = subgroupBroadcast(b, 5u);
  let p22 = subgroupBroadcast(b, 6u);
  let p23 = subgroupBroadcast(b, 7u);
  let p24 = subgroupBroadcast(c, 0u);
  let p25 = subgroupBroadcast(c, 1u);
  let p30 = subgroupBroadcast(c, 2u);
  let p31 = subgroupBroadcast(c, 3u);
  let p32 = subgroupBroadcast(c, 4u);
  let p33 = subgroupBroadcast(c, 5u);
  let p34 = subgroupBroadcast(c, 6u);
  let p35 = subgroupBroadcast(c, 7u);
  let p40 = subgroupBroadcast(d, 0u);
  let p41 = subgroupBroadcast(d, 1u);
  let p42 = subgroupBroadcast(d, 2u);
  let p43 = subgroupBroadcast(d, 3u);
  let p44 = subgroupBroadcast(d, 4u);
  let p45 = subgroupBroadcast(d, 5u);
  let p50 = subgroupBroadcast(d, 6u);
  let p51 = subgroupBroadcast(d, 7u);
  let p52 = subgroupBroadcast(e, 0u);
  let p53 = subgroupBroadcast(e, 1u);
  let p54 = subgroupBroadcast(e, 2u);
  let p55 = subgroupBroadcast(e, 3u);
  return mat4x4<f32>(
    under(q.w00, q.w01, q.w02, p00, p01, p02, p03, p04, p05)
      + under(q.w10, q.w11, q.w12, p10, p11, p12, p13, p14, p15)
      + under(q.w20, q.w21, q.w22, p20, p21, p22, p23, p24, p25),
    under(q.w00, q.w01, q.w02, p10, p11, p12, p13, p14, p15)
      + under(q.w10, q.w11, q.w12, p20, p21, p22, p23, p24, p25)
      + under(q.w20, q.w21, q.w22, p30, p31, p32, p33, p34, p35),
    under(q.w00, q.w01, q.w02, p20, p21, p22, p23, p24, p25)
      + under(q.w10, q.w11, q.w12, p30, p31, p32, p33, p34, p35)
      + under(q.w20, q.w21, q.w22, p40, p41, p42, p43, p44, p45),
    under(q.w00, q.w01, q.w02, p30, p31, p32, p33, p34, p35)
      + under(q.w10, q.w11, q.w12, p40, p41, p42, p43, p44, p45)
      + under(q.w20, q.w21, q.w22, p50, p51, p52, p53, p54, p55),
  );
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
  let first = group.x * 4u;
  let m = group.y * 8u + lane;
  // Lanes past the last channel compute on its weights and do not store.
  let own = min(m, params.m - 1u);
  let h0 = halo(locate(first), lane);
  let h1 = halo(locate(first + 1u), lane);
  let h2 = halo(locate(first + 2u), lane);
  let h3 = halo(locate(first + 3u), lane);
  let start = vec4<f32>(select(0.0, bias[own], params.hasBias == 1u));
  let s = mat4x4<f32>(start, start, start, start);
  var q0 = s; var q1 = s; var q2 = s; var q3 = s;
  for (var k = 0u; k < params.k; k++) {
    let q = Kernel(
      weight(0u, k, own), weight(1u, k, own), weight(2u, k, own),
      weight(3u, k, own), weight(4u, k, own), weight(5u, k, own),
      weight(6u, k, own), weight(7u, k, own), weight(8u, k, own),
    );
    q0 += convolve(h0, k, q);
    q1 += convolve(h1, k, q);
    q2 += convolve(h2, k, q);
    q3 += convolve(h3, k, q);
  }
  // A loop instead of 64 stores: lavapipe takes most of its time to compile on those.
  if (m >= params.m) { return; }
  var sums = array<mat4x4<f32>, 4>(q0, q1, q2, q3);
  for (var q = 0u; q < min(4u, params.tiles - first); q++) {
    let t = locate(first + q);
    for (var r = 0u; r < min(4u, params.outHeight - t.oy); r++) {
      let row = (t.image * params.outHeight + t.oy + r) * params.outWidth + t.ox;
      for (var c = 0u; c < min(4u, params.outWidth - t.ox); c++) {
        let v = sums[q][r][c];
        y[(row + c) * params.m + m] = select(v, max(v, 0.0), params.relu == 1u);
      }
    }
  }
}
