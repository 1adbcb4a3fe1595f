// Cubic B-splines through a grid of control points, drawn out to images: (G − 3) cells lie side by side across an image.
override WORKGROUP: u32 = 64u;

struct Params {
  batch: u32,
  channels: u32,
  // Control points of a column and of a row.
  down: u32,
  across: u32,
  outHeight: u32,
  outWidth: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// @include place

// Of the four control points around a place in a cell, from 0 to 1.
fn weights(t: f32) -> vec4<f32> {
  let s = 1.0 - t;
  return vec4<f32>(
    s * s * s,
    3.0 * t * t * t - 6.0 * t * t + 4.0,
    3.0 * s * s * s - 6.0 * s * s + 4.0,
    t * t * t,
  ) / 6.0;
}

// The cell's number, and the place in it, of pixel i of `size`.
fn cellOf(i: u32, size: u32, cells: u32) -> vec2<f32> {
  let place = (f32(i) + 0.5) / f32(size) * f32(cells);
  let cell = min(floor(place), f32(cells - 1u));
  return vec2<f32>(cell, place - cell);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let columns = params.outWidth * params.channels;
  let place = placeOf(id, columns, params.outHeight);
  if (place.x >= columns || (FOLDED && place.z >= params.batch)) { return; }
  let channel = place.x % params.channels;
  let vertical = cellOf(place.y, params.outHeight, params.down - 3u);
  let horizontal = cellOf(place.x / params.channels, params.outWidth, params.across - 3u);
  let rows = weights(vertical.y);
  let points = weights(horizontal.y);
  var sum = 0.0;
  for (var r = 0u; r < 4u; r++) {
    let row = (place.z * params.down + u32(vertical.x) + r) * params.across + u32(horizontal.x);
    for (var c = 0u; c < 4u; c++) { sum += rows[r] * points[c] * x[(row + c) * params.channels + channel]; }
  }
  y[(place.z * params.outHeight + place.y) * columns + place.x] = sum;
}
