// Mean pooling of [N, H, W, C] by windows, and its gradient. Padding is zeros.
// V is f32 where the channel count is no multiple of four; X is what the images are stored as.
// @variant V = f32, X = f32
// @variant X = vec4<f16>
alias V = vec4<f32>;
alias X = vec4<f32>;
override WORKGROUP: u32 = 64u;
// Whether a window's mean is over its pixels in the image alone; over all of them otherwise.
override INSIDE: bool = false;

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
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read_write> y: array<X>;

// @include place

fn scale() -> f32 {
  return 1.0 / f32(params.kernelY * params.kernelX);
}

// First and one past the last pixel of a window, in the image.
fn extent(window: i32, stride: i32, padding: i32, kernel: i32, size: i32) -> vec2<i32> {
  let start = window * stride - padding;
  return vec2<i32>(max(start, 0), min(start + kernel, size));
}

fn rowsOf(window: i32) -> vec2<i32> {
  return extent(window, params.strideY, params.paddingY, params.kernelY, params.height);
}

fn columnsOf(window: i32) -> vec2<i32> {
  return extent(window, params.strideX, params.paddingX, params.kernelX, params.width);
}

fn pixels(rows: vec2<i32>, columns: vec2<i32>) -> f32 {
  return f32((rows.y - rows.x) * (columns.y - columns.x));
}

// Places are those of the output.
@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = placeOf(id, u32(params.outWidth) * params.groups, u32(params.outHeight));
  let column = i32(place.x / params.groups);
  if (column >= params.outWidth || (FOLDED && place.z >= params.batch)) { return; }
  let group = place.x % params.groups;
  let rows = rowsOf(i32(place.y));
  let columns = columnsOf(column);
  let top = i32(place.z) * params.height;
  var sum = V();
  for (var row = rows.x; row < rows.y; row++) {
    for (var c = columns.x; c < columns.y; c++) {
      sum += V(x[u32((top + row) * params.width + c) * params.groups + group]);
    }
  }
  let line = place.z * u32(params.outHeight) + place.y;
  let share = select(scale(), 1.0 / pixels(rows, columns), INSIDE);
  y[line * u32(params.outWidth) * params.groups + place.x] = X(sum * share);
}

// First and one past the last window that covers a pixel, of `count`; none if they are the other way round.
fn covering(pixel: i32, stride: i32, padding: i32, kernel: i32, count: i32) -> vec2<i32> {
  let first = max(pixel + padding - kernel + stride, 0) / stride;
  return vec2<i32>(first, min((pixel + padding) / stride + 1, count));
}

// Here x is dy and y is dx, and places are those of dx.
@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let place = placeOf(id, u32(params.width) * params.groups, u32(params.height));
  let column = i32(place.x / params.groups);
  if (column >= params.width || (FOLDED && place.z >= params.batch)) { return; }
  let group = place.x % params.groups;
  let rows = covering(i32(place.y), params.strideY, params.paddingY, params.kernelY, params.outHeight);
  let columns = covering(column, params.strideX, params.paddingX, params.kernelX, params.outWidth);
  let top = i32(place.z) * params.outHeight;
  var sum = V();
  for (var row = rows.x; row < rows.y; row++) {
    for (var c = columns.x; c < columns.y; c++) {
      let g = V(x[u32((top + row) * params.outWidth + c) * params.groups + group]);
      if (INSIDE) { sum += g / pixels(rowsOf(row), columnsOf(c)); } else { sum += g; }
    }
  }
  let line = place.z * u32(params.height) + place.y;
  y[line * u32(params.width) * params.groups + place.x] = X(sum * select(scale(), 1.0, INSIDE));
}
