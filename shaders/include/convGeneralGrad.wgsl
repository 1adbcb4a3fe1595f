// Sizes of the gradient of a general convolution's weight: see src/kernels/conv/convGeneralGrad.ts.
struct Params {
  // elements of dw
  count: u32,
  invocations: u32,
  // fours of channels of the small image, and parts of a group's channels of the large one
  blocks: u32,
  parts: u32,
  // runs of TAPS taps in a row of the kernel
  chunks: u32,
  // rows of small images, and of one strip
  rows: u32,
  rowsEach: u32,
  smallHeight: i32,
  smallWidth: i32,
  largeHeight: i32,
  largeWidth: i32,
  // channels a group of the large image (a) and of the small one (b)
  a: u32,
  b: u32,
  groups: u32,
  kernelHeight: u32,
  kernelWidth: u32,
  strideY: i32,
  strideX: i32,
  dilationY: i32,
  dilationX: i32,
  top: i32,
  left: i32,
}

@group(0) @binding(0) var<uniform> params: Params;
