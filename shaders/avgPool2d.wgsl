// Mean pooling of [N, H, W, C] by square windows without padding, and its gradient.
// V is f32 where the channel count is no multiple of four; X is what the images are stored as.
// @variant V = f32, X = f32
// @variant X = vec4<f16>
alias V = vec4<f32>;
alias X = vec4<f32>;
override WORKGROUP: u32 = 64u;

struct Params {
  groups: u32,
  height: u32,
  width: u32,
  outHeight: u32,
  outWidth: u32,
  kernel: u32,
  stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read_write> y: array<X>;

fn scale() -> f32 {
  return 1.0 / f32(params.kernel * params.kernel);
}

// id: (column and channel group, row, image) of the output.
@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x / params.groups;
  if (column >= params.outWidth) { return; }
  let group = id.x % params.groups;
  let top = id.z * params.height + id.y * params.stride;
  var sum = V();
  for (var row = top; row < top + params.kernel; row++) {
    for (var c = column * params.stride; c < column * params.stride + params.kernel; c++) {
      sum += V(x[(row * params.width + c) * params.groups + group]);
    }
  }
  y[(id.z * params.outHeight + id.y) * params.outWidth * params.groups + id.x] = X(sum * scale());
}

// First and last window that covers a pixel, of `count`; none if the first is the greater.
fn covering(pixel: u32, count: u32) -> vec2<u32> {
  let first = (max(pixel + params.stride, params.kernel) - params.kernel) / params.stride;
  return vec2<u32>(first, min(pixel / params.stride + 1u, count));
}

// Here x is dy and y is dx. id: (column and channel group, row, image) of dx.
@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x / params.groups;
  if (column >= params.width) { return; }
  let group = id.x % params.groups;
  let rows = covering(id.y, params.outHeight);
  let columns = covering(column, params.outWidth);
  var sum = V();
  for (var row = rows.x; row < rows.y; row++) {
    for (var c = columns.x; c < columns.y; c++) {
      sum += V(x[((id.z * params.outHeight + row) * params.outWidth + c) * params.groups + group]);
    }
  }
  y[(id.z * params.height + id.y) * params.width * params.groups + id.x] = X(sum * scale());
}
