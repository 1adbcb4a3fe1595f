// Sizes of a general convolution, or of its adjoint: see src/kernels/conv/convGeneralGather.ts. Output pixel o = up·j + r
// reads input j·stride + (r + tap·dilation + offset) / up where that divides.
struct Params {
  // invocations: `span` times four pixels of a row, four channels each
  count: u32,
  // fours of output channels
  blocks: u32,
  // invocations along a class of a row's columns, and how many classes there are
  tiles: u32,
  classes: u32,
  span: i32,
  // columns from one of an invocation's pixels to the next, in the output and in the input
  apart: i32,
  pixelStep: i32,
  outHeight: i32,
  outWidth: i32,
  inHeight: i32,
  inWidth: i32,
  // channels a group in (k) and out (m)
  k: u32,
  m: u32,
  groups: u32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideY: i32,
  strideX: i32,
  dilationY: i32,
  dilationX: i32,
  offsetY: i32,
  offsetX: i32,
  upY: i32,
  upX: i32,
  // from one tap to the next that an output pixel meets; along a row, that slides
  stepY: i32,
  stepX: i32,
  // runs of such taps along a row
  phases: i32,
  // 0 or 1
  hasBias: u32,
  relu: u32,
}

@group(0) @binding(0) var<uniform> params: Params;

// Taps of an axis that meet an output pixel, by ascending input coordinate: the i-th is first + i·by and reads
// start + i·reach.
struct Taps {
  count: i32,
  first: i32,
  by: i32,
  start: i32,
  reach: i32,
}

// Every `step`-th, of a convolution (up = 1) from the first on, of its adjoint from the first that meets the pixel.
fn tapsOf(o: i32, kernel: i32, stride: i32, dilation: i32, offset: i32, up: i32, step: i32) -> Taps {
  var first = 0;
  var start = o * stride + offset;
  if (up > 1) {
    let j = o / up;
    let residue = o - j * up + offset;
    while (first < step && (residue + first * dilation) % up != 0) { first++; }
    if (first == step) { return Taps(); }
    start = j * stride + (residue + first * dilation) / up;
  }
  var count = kernel - first;
  if (step > 1) { count = (count + step - 1) / step; }
  let reach = step * dilation / up;
  if (dilation > 0) { return Taps(count, first, step, start, reach); }
  let last = max(count - 1, 0);
  return Taps(count, first + last * step, -step, start + last * reach, -reach);
}
