// Resizing of [N, H, W, C] to the nearest pixel before, and its gradient: each input pixel sums, row by row, over the
// outputs that took it. V is f32 where the channel count is no multiple of four; X is what the images are stored as.
// @variant V = f32
// @variant X = vec4<f16>
alias V = vec4<f32>;
alias X = V;
override WORKGROUP: u32 = 64u;

struct Params {
  batch: u32,
  groups: u32,
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
  // Output pixel i takes input pixel ⌊i·from/to⌋, the last at most.
  fromY: u32,
  toY: u32,
  fromX: u32,
  toX: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read_write> y: array<X>;

// @include place

// i·a − q·b, which wraps rightly where the products do not fit.
fn remainder(i: u32, a: u32, q: u32, b: u32) -> i32 {
  return bitcast<i32>(i * a - q * b);
}

// ⌊i·a/b⌋ exactly: guessed in f32, then mended.
fn scaled(i: u32, a: u32, b: u32) -> u32 {
  var q = u32(f32(i) * (f32(a) / f32(b)));
  while (remainder(i, a, q, b) < 0) { q--; }
  while (remainder(i, a, q, b) >= i32(b)) { q++; }
  return q;
}

// The first output that takes input pixel i or one after it: ⌈i·b/a⌉, a and b being the outputs' from and to.
fn firstOf(i: u32, a: u32, b: u32) -> u32 {
  let q = scaled(i, b, a);
  return q + select(0u, 1u, remainder(i, b, q, a) > 0);
}

// Places are those of the output.
@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = placeOf(id, params.outWidth * params.groups, params.outHeight);
  let column = place.x / params.groups;
  if (column >= params.outWidth || (FOLDED && place.z >= params.batch)) { return; }
  let group = place.x % params.groups;
  let row = min(scaled(place.y, params.fromY, params.toY), params.height - 1u);
  let left = min(scaled(column, params.fromX, params.toX), params.width - 1u);
  let line = place.z * params.outHeight + place.y;
  let pixel = (place.z * params.height + row) * params.width + left;
  y[line * params.outWidth * params.groups + place.x] = x[pixel * params.groups + group];
}

// First and one past the last of `count` outputs that took input pixel i of `size`.
fn takers(i: u32, a: u32, b: u32, size: u32, count: u32) -> vec2<u32> {
  let end = select(firstOf(i + 1u, a, b), count, i == size - 1u);
  return vec2<u32>(firstOf(i, a, b), min(end, count));
}

// Here x is dy and y is dx, and places are those of dx.
@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = placeOf(id, params.width * params.groups, params.height);
  let column = place.x / params.groups;
  if (column >= params.width || (FOLDED && place.z >= params.batch)) { return; }
  let group = place.x % params.groups;
  let rows = takers(place.y, params.fromY, params.toY, params.height, params.outHeight);
  let columns = takers(column, params.fromX, params.toX, params.width, params.outWidth);
  var sum = V();
  for (var row = rows.x; row < rows.y; row++) {
    let start = (place.z * params.outHeight + row) * params.outWidth;
    for (var c = columns.x; c < columns.y; c++) { sum += V(x[(start + c) * params.groups + group]); }
  }
  let line = place.z * params.height + place.y;
  y[line * params.width * params.groups + place.x] = X(sum);
}
