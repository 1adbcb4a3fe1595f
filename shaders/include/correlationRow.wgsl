// Rows of a weight gradient's matrix product: see conv2dWeightGrad.gemm.wgsl.

struct Row {
  // from where a tap meets the first pixel to where the large image begins
  shiftY: i32,
  shiftX: i32,
  // channel of the large image
  a: u32,
}

fn rowOf(row: u32) -> Row {
  let tap = row / params.a;
  let shiftY = i32(tap / params.kernelWidth) * params.dilation - params.padding;
  let shiftX = i32(tap % params.kernelWidth) * params.dilation - params.padding;
  return Row(shiftY, shiftX, row - tap * params.a);
}

// Column, line and image of the small image's pixel; past the last pixel, past the last image.
fn placeOf(pixel: u32) -> vec3<u32> {
  let line = pixel / params.smallWidth;
  return vec3<u32>(pixel % params.smallWidth, line % params.smallHeight, line / params.smallHeight);
}

// The large image's pixel that a row's tap meets at a place; -1 outside and past the last image.
fn pixelUnder(row: Row, place: vec3<u32>) -> i32 {
  let y = i32(place.y) * params.stride + row.shiftY;
  let x = i32(place.x) * params.stride + row.shiftX;
  let high = (y >= 0) & (y < i32(params.largeHeight)) & (place.z < params.batch);
  let wide = (x >= 0) & (x < i32(params.largeWidth));
  return select(-1, (i32(place.z * params.largeHeight) + y) * i32(params.largeWidth) + x, high & wide);
}
