// Bilinear resizing of [N, H, W, C], and its gradient: each input pixel gathers, row by row, from the outputs it fed.
// V is f32 where the channel count is no multiple of four; X is what the images are stored as.
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
  // Input coordinate of output pixel i: (i + center)·scale − center.
  center: f32,
  scaleY: f32,
  scaleX: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read_write> y: array<X>;

// @include place

fn coordinate(i: u32, scale: f32, size: u32) -> f32 {
  return clamp((f32(i) + params.center) * scale - params.center, 0.0, f32(size - 1u));
}

// Places are those of the output.
@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = placeOf(id, params.outWidth * params.groups, params.outHeight);
  let column = place.x / params.groups;
  if (column >= params.outWidth || (FOLDED && place.z >= params.batch)) { return; }
  let group = place.x % params.groups;
  let down = coordinate(place.y, params.scaleY, params.height);
  let right = coordinate(column, params.scaleX, params.width);
  let top = u32(down);
  let left = u32(right);
  let next = min(left + 1u, params.width - 1u);
  let upper = (place.z * params.height + top) * params.width;
  let lower = (place.z * params.height + min(top + 1u, params.height - 1u)) * params.width;
  let part = vec2<f32>(right - f32(left), down - f32(top));
  let above = V(x[(upper + left) * params.groups + group]) * (1 - part.x)
    + V(x[(upper + next) * params.groups + group]) * part.x;
  let below = V(x[(lower + left) * params.groups + group]) * (1 - part.x)
    + V(x[(lower + next) * params.groups + group]) * part.x;
  let line = place.z * params.outHeight + place.y;
  y[line * params.outWidth * params.groups + place.x] = X(above * (1 - part.y) + below * part.y);
}

// Outputs that may draw on input pixel i: first, and one past the last. There may be one too many at either end.
fn fed(i: u32, scale: f32, size: u32, count: u32) -> vec2<u32> {
  if (scale == 0) { return vec2<u32>(0u, count); }
  let first = (f32(i) - 1 + params.center) / scale - params.center;
  let last = (f32(i) + 1 + params.center) / scale - params.center;
  let start = select(u32(max(floor(first), 0.0)), 0u, i == 0u);
  let end = select(u32(max(ceil(last), 0.0)) + 1u, count, i == size - 1u);
  return vec2<u32>(start, min(end, count));
}

// How much of an output pixel is input pixel i, and whether it reads it at all (else its gradient may be NaN).
struct Weight {
  value: f32,
  reads: bool,
}

fn weightOf(output: u32, i: u32, scale: f32, size: u32) -> Weight {
  let at = coordinate(output, scale, size);
  let first = u32(at);
  return Weight(max(0.0, 1 - abs(at - f32(i))), first == i || min(first + 1u, size - 1u) == i);
}

// Here x is dy and y is dx, and places are those of dx.
@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = placeOf(id, params.width * params.groups, params.height);
  let column = place.x / params.groups;
  if (column >= params.width || (FOLDED && place.z >= params.batch)) { return; }
  let group = place.x % params.groups;
  let rows = fed(place.y, params.scaleY, params.height, params.outHeight);
  let columns = fed(column, params.scaleX, params.width, params.outWidth);
  var sum = V();
  for (var row = rows.x; row < rows.y; row++) {
    let start = (place.z * params.outHeight + row) * params.outWidth;
    var line = V();
    for (var c = columns.x; c < columns.y; c++) {
      let across = weightOf(c, column, params.scaleX, params.width);
      line += select(V(), V(x[(start + c) * params.groups + group]) * across.value, across.reads);
    }
    let down = weightOf(row, place.y, params.scaleY, params.height);
    sum += select(V(), line * down.value, down.reads);
  }
  let line = place.z * params.height + place.y;
  y[line * params.width * params.groups + place.x] = X(sum);
}
