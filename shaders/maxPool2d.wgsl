// Max pooling of [N, H, W, C] with the position of each maximum in its window kept, and its gradient.
// V, F, U and B are scalars (and SHIFTS U(0u)) where the channel count is no multiple of four.
// @variant V = f32, F = f32, U = u32, B = bool, SHIFTS = U(0u)
// @variant V = vec4<f16>
alias V = vec4<f32>;
// V in f32, and what its bits and comparisons are.
alias F = vec4<f32>;
alias U = vec4<u32>;
alias B = vec4<bool>;
const SHIFTS: U = U(0u, 8u, 16u, 24u);
override WORKGROUP: u32 = 64u;
// Windows of 2×2 side by side without padding, the usual case, are written out.
override PAIRS: bool = false;
// Whether the gradient is added to `base`.
override ADDS: bool = false;

struct Params {
  batch: u32,
  groups: u32,
  height: i32,
  width: i32,
  outHeight: i32,
  outWidth: i32,
  kernelY: i32,
  kernelX: i32,
  strideY: i32,
  strideX: i32,
  paddingY: i32,
  paddingX: i32,
  // Vs from pixel to pixel, and before a pixel's first, of x going forward and of base going back
  pitch: u32,
  start: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read_write> y: array<V>;
// Position row·kernelX + column, one byte a channel.
@group(0) @binding(3) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(4) var<storage, read> positions: array<u32>;
@group(0) @binding(5) var<storage, read> dy: array<V>;
@group(0) @binding(6) var<storage, read_write> dx: array<V>;
@group(0) @binding(7) var<storage, read> base: array<V>;

// @include place

// Told by the bits: compilers may take it that v is v.
fn isNaN(v: V) -> B {
  return (bitcast<U>(F(v)) & U(0x7fffffffu)) > U(0x7f800000u);
}

// Whether `next`, later in the window, takes the place of `best`: of equal values the first wins, of NaNs too.
fn wins(next: V, nextNan: B, best: V, bestNan: B) -> B {
  return (next > best) | (nextNan & !bestNan);
}

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
  let n0 = isNaN(v0);
  let n1 = isNaN(v1);
  let n2 = isNaN(v2);
  let n3 = isNaN(v3);
  let right = wins(v1, n1, v0, n0);
  let upper = select(v0, v1, right);
  let lowerRight = wins(v3, n3, v2, n2);
  let lower = select(v2, v3, lowerRight);
  let down = wins(lower, n2 | n3, upper, n0 | n1);
  let position = select(select(U(0u), U(1u), right), select(U(2u), U(3u), lowerRight), down);
  store(outside(image, row, column, group), select(upper, lower, down), position);
}

// Places are those of the output.
@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let at = placeOf(id, u32(params.outWidth) * params.groups, u32(params.outHeight));
  let column = i32(at.x / params.groups);
  if (column >= params.outWidth || (FOLDED && at.z >= params.batch)) { return; }
  let group = at.x % params.groups;
  if (PAIRS) {
    maximumOfPairs(at.z, i32(at.y), column, group);
  } else {
    maximum(at.z, i32(at.y), column, group);
  }
}

fn maximum(image: u32, outRow: i32, column: i32, group: u32) {
  let top = outRow * params.strideY - params.paddingY;
  let left = column * params.strideX - params.paddingX;
  let lastRow = min(top + params.kernelY, params.height);
  let lastColumn = min(left + params.kernelX, params.width);
  let firstRow = max(top, 0);
  let firstColumn = max(left, 0);
  var best = x[source(image, firstRow, firstColumn, group)];
  var position = U(u32((firstRow - top) * params.kernelX + firstColumn - left));
  for (var row = firstRow; row < lastRow; row++) {
    var at = source(image, row, firstColumn, group);
    for (var c = firstColumn; c < lastColumn; c++) {
      let v = x[at];
      let better = wins(v, isNaN(v), best, isNaN(best));
      best = select(best, v, better);
      position = select(position, U(u32((row - top) * params.kernelX + c - left)), better);
      at += params.pitch;
    }
  }
  store(outside(image, outRow, column, group), best, position);
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

// Windows that do not overlap: each writes the strideY×strideX pixels that are its own, zero where no window lies.
// Places are those of windows; there may be some past the last one, down and right.
@compute @workgroup_size(WORKGROUP)
fn backwardTiles(@builtin(global_invocation_id) id: vec3<u32>) {
  let downs = u32((params.height + params.paddingY + params.strideY - 1) / params.strideY);
  let acrosses = u32((params.width + params.paddingX + params.strideX - 1) / params.strideX);
  let place = placeOf(id, acrosses * params.groups, downs);
  let row = i32(place.y);
  let column = i32(place.x / params.groups);
  let group = place.x % params.groups;
  let top = row * params.strideY - params.paddingY;
  let left = column * params.strideX - params.paddingX;
  if (left >= params.width || (FOLDED && place.z >= params.batch)) { return; }
  var g = V();
  var position = U();
  if (row < params.outHeight && column < params.outWidth) {
    let at = outside(place.z, row, column, group);
    g = dy[at];
    position = unpack(positions[at]);
  }
  if (PAIRS) {
    let two = vec2<bool>(left + 1 < params.width, top + 1 < params.height);
    spreadPairs(inside(place.z, top, left, group), group, g, position, two);
  } else {
    spread(place.z, top, left, group, g, position);
  }
}

fn spread(image: u32, top: i32, left: i32, group: u32, g: V, position: U) {
  for (var row = max(top, 0); row < min(top + params.strideY, params.height); row++) {
    for (var c = max(left, 0); c < min(left + params.strideX, params.width); c++) {
      let covered = row - top < params.kernelY && c - left < params.kernelX;
      // no window holds the position 256
      let here = select(256, (row - top) * params.kernelX + c - left, covered);
      put(inside(image, row, c, group), group, select(V(), g, position == U(u32(here))));
    }
  }
}

// Windows that overlap: each pixel sums, row by row, over those that chose it. Places are those of x.
@compute @workgroup_size(WORKGROUP)
fn backwardGather(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = placeOf(id, u32(params.width) * params.groups, u32(params.height));
  let column = i32(place.x / params.groups);
  if (column >= params.width || (FOLDED && place.z >= params.batch)) { return; }
  let group = place.x % params.groups;
  let down = i32(place.y) + params.paddingY;
  let right = column + params.paddingX;
  let above = max(down - params.kernelY + params.strideY, 0) / params.strideY;
  let before = max(right - params.kernelX + params.strideX, 0) / params.strideX;
  var sum = F();
  for (var row = above; row <= min(down / params.strideY, params.outHeight - 1); row++) {
    for (var c = before; c <= min(right / params.strideX, params.outWidth - 1); c++) {
      let here = (down - row * params.strideY) * params.kernelX + right - c * params.strideX;
      let at = outside(place.z, row, c, group);
      sum += select(F(), F(dy[at]), unpack(positions[at]) == U(u32(here)));
    }
  }
  put(inside(place.z, i32(place.y), column, group), group, V(sum));
}
