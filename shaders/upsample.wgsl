// Bilinear resizing of [N, H, W, C], and its gradient: each input pixel gathers, row by row, from the outputs it fed.
// V is f32 where the channel count is no multiple of four.
// @variant V = f32
alias V = vec4<f32>;
override WORKGROUP: u32 = 64u;

struct Params {
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
@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read_write> y: array<V>;

fn coordinate(i: u32, scale: f32, size: u32) -> f32 {
  return clamp((f32(i) + params.center) * scale - params.center, 0.0, f32(size - 1u));
}

// id: (column and channel group, row, image) of the output.
@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x / params.groups;
  if (column >= params.outWidth) { return; }
  let group = id.x % params.groups;
  let down = coordinate(id.y, params.scaleY, params.height);
  let right = coordinate(column, params.scaleX, params.width);
  let top = u32(down);
  let left = u32(right);
  let next = min(left + 1u, params.width - 1u);
  let upper = (id.z * params.height + top) * params.width;
  let lower = (id.z * params.height + min(top + 1u, params.height - 1u)) * params.width;
  let part = vec2<f32>(right - f32(left), down - f32(top));
  let above = x[(upper + left) * params.groups + group] * (1 - part.x) + x[(upper + next) * params.groups + group] * part.x;
  let below = x[(lower + left) * params.groups + group] * (1 - part.x) + x[(lower + next) * params.groups + group] * part.x;
  y[(id.z * params.outHeight + id.y) * params.outWidth * params.groups + id.x] = above * (1 - part.y) + below * part.y;
}

// Outputs that may draw on input pixel i: first, and one past the last. One too many at either end weighs nothing.
fn fed(i: u32, scale: f32, size: u32, count: u32) -> vec2<u32> {
  if (scale == 0) { return vec2<u32>(0u, count); }
  let first = (f32(i) - 1 + params.center) / scale - params.center;
  let last = (f32(i) + 1 + params.center) / scale - params.center;
  let start = select(u32(max(floor(first), 0.0)), 0u, i == 0u);
  let end = select(u32(max(ceil(last), 0.0)) + 1u, count, i == size - 1u);
  return vec2<u32>(start, min(end, count));
}

fn weight(output: u32, i: u32, scale: f32, size: u32) -> f32 {
  return max(0.0, 1 - abs(coordinate(output, scale, size) - f32(i)));
}

// Here x is dy and y is dx. id: (column and channel group, row, image) of dx.
@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x / params.groups;
  if (column >= params.width) { return; }
  let group = id.x % params.groups;
  let rows = fed(id.y, params.scaleY, params.height, params.outHeight);
  let columns = fed(column, params.scaleX, params.width, params.outWidth);
  var sum = V();
  for (var row = rows.x; row < rows.y; row++) {
    let start = (id.z * params.outHeight + row) * params.outWidth;
    var line = V();
    for (var c = columns.x; c < columns.y; c++) {
      line += x[(start + c) * params.groups + group] * weight(c, column, params.scaleX, params.width);
    }
    sum += line * weight(row, id.y, params.scaleY, params.height);
  }
  y[(id.z * params.height + id.y) * params.width * params.groups + id.x] = sum;
}
