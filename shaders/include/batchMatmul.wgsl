// Sizes of a batch of products of [rows, depth] with [depth, columns]: see src/kernels/batchMatmul.ts.
// A lies as [depth, rows], B as [columns, depth].
override TURNED_A: bool = false;
override TURNED_B: bool = false;

struct Params {
  rows: u32,
  depth: u32,
  columns: u32,
  batch: u32,
  // Tiles of 32×32 results across and down a matrix.
  across: u32,
  down: u32,
  sizes0: vec4<u32>,
  sizes1: vec4<u32>,
  // From one matrix to another along the axes of the batch.
  a0: vec4<u32>,
  a1: vec4<u32>,
  b0: vec4<u32>,
  b1: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;

fn matrixOfA(batch: u32) -> u32 {
  return strided(batch, params.sizes0, params.sizes1, params.a0, params.a1);
}

fn matrixOfB(batch: u32) -> u32 {
  return strided(batch, params.sizes0, params.sizes1, params.b0, params.b1);
}

// The matrix, row and column of an invocation's 4×4 results: 8×8 invocations share a tile of 32×32.
fn resultsOf(group: vec3<u32>, lane: u32) -> vec3<u32> {
  let tile = group.x + group.y * 65535u;
  let band = tile / params.across;
  let row = (band % params.down) * 32u + lane / 8u * 4u;
  let column = (tile - band * params.across) * 32u + lane % 8u * 4u;
  return vec3(band / params.down, row, column);
}
