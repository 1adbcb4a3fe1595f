// Max pooling of [N, H, W, C] with the position of each maximum in its window kept, and its gradient.
// V and U are scalars (and SHIFTS U(0u)) where the channel count is no multiple of four.
// @variant V = f32, U = u32, SHIFTS = U(0u)
// @variant V = vec4<f16>
alias V = vec4<f32>;
alias U = vec4<u32>;
const SHIFTS: U = U(0u, 8u, 16u, 24u);
override WORKGROUP: u32 = 64u;
// Windows of 2×2 side by side without padding, the usual case, are written out.
override PAIRS: bool = false;
// Whether the gradient is added to `base`.
override ADDS: bool = false;

struct Params {
  groups: u32,
  height: i32,
  width: i32,
  outHeight: i32,
  outWidth: i32,
  kernel: i32,
  stride: i32,
  padding: i32,
  // Vs from pixel to pixel, and before a pixel's first, of x going forward and of base going back
  pitch: u32,
  start: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read_write> y: array<V>;
// Position row·kernel + column, one byte a channel.
@group(0) @binding(3) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(4) var<storage, read> positions: array<u32>;
@group(0) @binding(5) var<storage, read> dy: array<V>;
@group(0) @binding(6) var<storage, read_write> dx: array<V>;
@group(0) @binding(7) var<storage, read> base: array<V>;

fn unpack(word: u32) -> U {
  return (U(word) >> SHIFTS) & U(255u);
}

fn pixel(image: u32, row: i32, column: i32) -> u32 {
  return (image * u32(params.height) + u32(row)) * u32(params.width) + u32(column);
}

// Of image `image`: index of a pixel's channel group in x (and base), in dx, and in y.
fn source(image: u32, row: i32, column: i32, group: u32) -> u32 {
  return pixel(image, row, column) * params.pitch + params.start + group;
}

fn inside(image: u32, row: i32, column: i32, group: u32) -> u32 {
  return pixel(image, row, column) * params.groups + group;
}

fn outside(image: u32, row: i32, column: i32, group: u32) -> u32 {
  return ((image * u32(params.outHeight) + u32(row)) * u32(params.outWidth) + u32(column)) * params.groups + group;
}

fn store(at: u32, best: V, position: U) {
  y[at] = best;
  chosen[at] = dot(vec4<u32>(position), vec4<u32>(1u, 1u << 8u, 1u << 16u, 1u << 24u));
}

fn maximumOfPairs(image: u32, row: i32, column: i32, group: u32) {
  let at = source(image, 2 * row, 2 * column, group);
  let below = at + u32(params.width) * params.pitch;
  let v0 = x[at];
  let v1 = x[at + params.pitch];
  let v2 = x[below];
  let v3 = x[below + params.pitch];
  let upper = max(v0, v1);
  let lower = max(v2, v3);
  let position = select(select(U(0u), U(1u), v1 > v0), select(U(2u), U(3u), v3 > v2), lower > upper);
  store(outside(image, row, column, group), max(upper, lower), position);
}

// id: (column and channel group, row, image) of the output. Of equal values the first wins.
@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = i32(id.x / params.groups);
  if (column >= params.outWidth) { return; }
  let group = id.x % params.groups;
  if (PAIRS) {
    maximumOfPairs(id.z, i32(id.y), column, group);
    return;
  }
  let top = i32(id.y) * params.stride - params.padding;
  let left = column * params.stride - params.padding;
  let lastRow = min(top + params.kernel, params.height);
  let lastColumn = min(left + params.kernel, params.width);
  let firstRow = max(top, 0);
  let firstColumn = max(left, 0);
  var best = x[source(id.z, firstRow, firstColumn, group)];
  var position = U(u32((firstRow - top) * params.kernel + firstColumn - left));
  for (var row = firstRow; row < lastRow; row++) {
    var at = source(id.z, row, firstColumn, group);
    for (var c = firstColumn; c < lastColumn; c++) {
      let v = x[at];
      let better = v > best;
      best = select(best, v, better);
      position = select(position, U(u32((row - top) * params.kernel + c - left)), better);
      at += params.pitch;
    }
  }
  store(outside(id.z, i32(id.y), column, group), best, position);
}

fn put(at: u32, group: u32, v: V) {
  if (ADDS) {
    dx[at] = v + base[(at / params.groups) * params.pitch + params.start + group];
  } else {
    dx[at] = v;
  }
}

// dx of the 2×2 pixels of one window, as far as they lie in the image.
fn spreadPairs(at: u32, group: u32, g: V, position: U, two: vec2<bool>) {
  put(at, group, select(V(), g, position == U(0u)));
  if (two.x) { put(at + params.groups, group, select(V(), g, position == U(1u))); }
  if (!two.y) { return; }
  let below = at + u32(params.width) * params.groups;
  put(below, group, select(V(), g, position == U(2u)));
  if (two.x) { put(below + params.groups, group, select(V(), g, position == U(3u))); }
}

// Windows that do not overlap: each writes the stride×stride pixels that are its own, zero where no window lies.
// id: (column of the window and channel group, row of the window, image).
@compute @workgroup_size(WORKGROUP)
fn backwardTiles(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = i32(id.x / params.groups);
  let group = id.x % params.groups;
  let top = i32(id.y) * params.stride - params.padding;
  let left = column * params.stride - params.padding;
  if (left >= params.width) { return; }
  var g = V();
  var position = U();
  if (i32(id.y) < params.outHeight && column < params.outWidth) {
    let at = outside(id.z, i32(id.y), column, group);
    g = dy[at];
    position = unpack(positions[at]);
  }
  if (PAIRS) {
    let two = vec2<bool>(left + 1 < params.width, top + 1 < params.height);
    spreadPairs(inside(id.z, top, left, group), group, g, position, two);
    return;
  }
  for (var row = max(top, 0); row < min(top + params.stride, params.height); row++) {
    for (var c = max(left, 0); c < min(left + params.stride, params.width); c++) {
      let covered = row - top < params.kernel && c - left < params.kernel;
      // no window holds the position 256
      let here = select(256, (row - top) * params.kernel + c - left, covered);
      put(inside(id.z, row, c, group), group, select(V(), g, position == U(u32(here))));
    }
  }
}

// Windows that overlap: each pixel sums, row by row, over those that chose it. id: (column and channel group, row, image) of x.
@compute @workgroup_size(WORKGROUP)
fn backwardGather(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = i32(id.x / params.groups);
  if (column >= params.width) { return; }
  let group = id.x % params.groups;
  let down = i32(id.y) + params.padding;
  let right = column + params.padding;
  let above = max(down - params.kernel + params.stride, 0) / params.stride;
  let before = max(right - params.kernel + params.stride, 0) / params.stride;
  var sum = V();
  for (var row = above; row <= min(down / params.stride, params.outHeight - 1); row++) {
    for (var c = before; c <= min(right / params.stride, params.outWidth - 1); c++) {
      let here = (down - row * params.stride) * params.kernel + right - c * params.stride;
      let at = outside(id.z, row, c, group);
      sum += select(V(), dy[at], unpack(positions[at]) == U(u32(here)));
    }
  }
  put(inside(id.z, i32(id.y), column, group), group, sum);
}
