// Sizes of a gather: see src/kernels/conv/gatherLayout.ts.
struct Params {
  // output pixels (per residue class), over the batch
  pixels: u32,
  // output grid of one residue class
  classHeight: u32,
  classWidth: u32,
  // residue classes across
  classesX: u32,
  outHeight: u32,
  outWidth: u32,
  inHeight: u32,
  inWidth: u32,
  // channels in (k) and out (m)
  k: u32,
  m: u32,
  kernelHeight: u32,
  kernelWidth: u32,
  stride: i32,
  dilation: i32,
  offsetY: i32,
  offsetX: i32,
  up: i32,
  // 0 or 1
  hasBias: u32,
  relu: u32,
  // elements from pixel to pixel and before a pixel's first channel, of the input and of the output
  xPitch: u32,
  xStart: u32,
  yPitch: u32,
  yStart: u32,
  // for sums in strips: how many, depths of each (taps times channels in, these in whole rounds), and vec4s from one
  // strip's y to the next
  strips: u32,
  chunk: u32,
  stripY: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
