// Depthwise 3×3 convolution with stride and dilation 1, or its adjoint (FLIP: the kernel turned), channels in multiples
// of 4. An invocation computes `span` tiles of 4 pixels in two rows each, times 4 channels: it holds the nine weights,
// and reads 6×4 pixels a tile, without a loop, which on software adapters costs more than the sums.
// Images and weight are vec4s of four channels; products and sums are f32.
// @variant E4 = vec4<f16>
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;
override FLIP: bool = false;

struct Params {
  count: u32,
  // fours of channels
  blocks: u32,
  // invocations along a row, and pairs of rows in an image
  tiles: u32,
  pairs: u32,
  span: i32,
  outHeight: i32,
  outWidth: i32,
  inHeight: i32,
  inWidth: i32,
  // input pixel under the first tap of output pixel (0, 0)
  originY: i32,
  originX: i32,
  // 0 or 1
  hasBias: u32,
  relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<E4>;
@group(0) @binding(2) var<storage, read> w: array<E4>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<E4>;

// Three weights of a row of the kernel.
struct Taps {
  left: vec4<f32>,
  middle: vec4<f32>,
  right: vec4<f32>,
}

fn tapsOf(row: u32, channel: u32) -> Taps {
  let i = select(row * 3u, 8u - row * 3u, FLIP);
  let left = vec4<f32>(w[i * params.blocks + channel]);
  let middle = vec4<f32>(w[select(i + 1u, i - 1u, FLIP) * params.blocks + channel]);
  let right = vec4<f32>(w[select(i + 2u, i - 2u, FLIP) * params.blocks + channel]);
  return Taps(left, middle, right);
}

// Six neighbouring pixels, zeros outside the image. Conditions join by & on purpose: see conv2d.subgroup4.wgsl.
struct Row {
  u0: vec4<f32>, u1: vec4<f32>, u2: vec4<f32>, u3: vec4<f32>, u4: vec4<f32>, u5: vec4<f32>,
}

fn fetch(line: i32, column: i32, there: bool, channel: u32) -> vec4<f32> {
  let inside = there & (column >= 0) & (column < params.inWidth);
  let v = vec4<f32>(x[u32(select(0, line + column, inside)) * params.blocks + channel]);
  return select(vec4<f32>(), v, inside);
}

fn rowOf(image: i32, row: i32, column: i32, channel: u32) -> Row {
  let there = (row >= 0) & (row < params.inHeight);
  let line = (image * params.inHeight + row) * params.inWidth;
  return Row(
    fetch(line, column, there, channel), fetch(line, column + 1, there, channel),
    fetch(line, column + 2, there, channel), fetch(line, column + 3, there, channel),
    fetch(line, column + 4, there, channel), fetch(line, column + 5, there, channel),
  );
}

// Columns are pixels.
fn under(t: Taps, r: Row) -> mat4x4<f32> {
  return mat4x4<f32>(
    t.left * r.u0 + t.middle * r.u1 + t.right * r.u2,
    t.left * r.u1 + t.middle * r.u2 + t.right * r.u3,
    t.left * r.u2 + t.middle * r.u3 + t.right * r.u4,
    t.left * r.u3 + t.middle * r.u4 + t.right * r.u5,
  );
}

fn put(v: vec4<f32>, line: i32, column: i32, there: bool, channel: u32) {
  if (!(there & (column < params.outWidth))) { return; }
  // max() would lose NaN
  let value = select(v, vec4<f32>(), (v < vec4<f32>()) & vec4<bool>(params.relu == 1u));
  y[u32(line + column) * params.blocks + channel] = E4(value);
}

fn store(q: mat4x4<f32>, start: vec4<f32>, image: i32, row: i32, column: i32, channel: u32) {
  let there = row < params.outHeight;
  let line = (image * params.outHeight + row) * params.outWidth;
  put(q[0] + start, line, column, there, channel);
  put(q[1] + start, line, column + 1, there, channel);
  put(q[2] + start, line, column + 2, there, channel);
  put(q[3] + start, line, column + 3, there, channel);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * 65535u * WORKGROUP;
  if (index >= params.count) { return; }
  let tile = index / params.blocks;
  let channel = index - tile * params.blocks;
  let pair = tile / params.tiles;
  let image = i32(pair / params.pairs);
  let row = i32(pair % params.pairs) * 2;
  let first = i32(tile - pair * params.tiles) * params.span * 4;
  let end = min(first + params.span * 4, params.outWidth);
  let top = tapsOf(0u, channel);
  let middle = tapsOf(1u, channel);
  let bottom = tapsOf(2u, channel);
  let start = select(vec4<f32>(), bias[channel], params.hasBias == 1u);
  let above = row + params.originY;
  for (var column = first; column < end; column += 4) {
    let left = column + params.originX;
    let r0 = rowOf(image, above, left, channel);
    let r1 = rowOf(image, above + 1, left, channel);
    let r2 = rowOf(image, above + 2, left, channel);
    let r3 = rowOf(image, above + 3, left, channel);
    store(under(top, r0) + under(middle, r1) + under(bottom, r2), start, image, row, column, channel);
    store(under(top, r1) + under(middle, r2) + under(bottom, r3), start, image, row + 1, column, channel);
  }
}
