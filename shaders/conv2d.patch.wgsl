// Patches of an image that a convolution whose stride is its kernel's side cuts it into: [patch][tap][channel], so that
// the convolution, its adjoint and the gradient of its weight are one matrix product each.
override WORKGROUP: u32 = 16u;

struct Params {
  // patches of the batch and in a row
  patches: u32,
  width: u32,
  // in vec4s
  channels: u32,
  // of a patch
  side: u32,
  // 0 or 1
  hasBias: u32,
  relu: u32,
  // vec4s from pixel to pixel of the image, and before a pixel's first channel
  pitch: u32,
  start: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> image: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> patches: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> products: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> result: array<vec4<f32>>;

// @include linear

// Where element i of the patches lies in the image.
fn pixelOf(i: u32) -> u32 {
  let taps = params.side * params.side;
  let pixel = i / params.channels;
  let number = pixel / taps;
  let tap = pixel - number * taps;
  let line = number / params.width;
  let row = line * params.side + tap / params.side;
  let column = (number - line * params.width) * params.side + tap % params.side;
  let first = (row * params.width * params.side + column) * params.pitch + params.start;
  return first + i - pixel * params.channels;
}

@compute @workgroup_size(WORKGROUP)
fn cut(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.patches * params.side * params.side * params.channels) { return; }
  patches[i] = image[pixelOf(i)];
}

@compute @workgroup_size(WORKGROUP)
fn join(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.patches * params.side * params.side * params.channels) { return; }
  var v = products[i];
  if (params.hasBias == 1u) { v += bias[i % params.channels]; }
  result[pixelOf(i)] = select(v, select(v, vec4<f32>(), v < vec4<f32>()), params.relu == 1u);
}
