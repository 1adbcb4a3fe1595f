// Sizes of a correlation: see src/kernels/conv/correlationLayout.ts.
struct Params {
  batch: u32,
  smallHeight: u32,
  smallWidth: u32,
  largeHeight: u32,
  largeWidth: u32,
  // channels of the large and of the small image
  a: u32,
  b: u32,
  kernelHeight: u32,
  kernelWidth: u32,
  // of the taps, the first row's place: above 0 where dw are some rows of a larger one
  firstRow: u32,
  stride: i32,
  dilation: i32,
  padding: i32,
  splits: u32,
  // elements of dw
  count: u32,
  // elements from pixel to pixel of the large image, and before a pixel's first channel
  largePitch: u32,
  largeStart: u32,
}

@group(0) @binding(0) var<uniform> params: Params;

// First of `count` that strip `split` begins with: count·split/splits, whose product may not fit.
fn stripBegin(count: u32, split: u32) -> u32 {
  return count / params.splits * split + count % params.splits * split / params.splits;
}
