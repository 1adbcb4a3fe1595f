// What a lane of a quad loads of A and stores of C: see winograd.product.wgsl.

// Depths d … d+3 (components) of four rows (columns): first + lane, + 4, + 8, + 12, or turned, four neighbours.
fn laneRows(base: u32, first: u32, lane: u32, d: u32) -> mat4x4<f32> {
  if (TURNED_A) { return turnedDepthsOf(base, min(first + lane * 4u, params.rows - 4u), d); }
  return depthsOf(base, vec4<u32>(first + lane) + vec4<u32>(0u, 4u, 8u, 12u), d);
}

// What the neighbour in the row, in the column and across has.
fn swapX(v: mat4x4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(quadSwapX(v[0]), quadSwapX(v[1]), quadSwapX(v[2]), quadSwapX(v[3]));
}

fn swapY(v: mat4x4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(quadSwapY(v[0]), quadSwapY(v[1]), quadSwapY(v[2]), quadSwapY(v[3]));
}

fn swapDiagonal(v: mat4x4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(quadSwapDiagonal(v[0]), quadSwapDiagonal(v[1]), quadSwapDiagonal(v[2]), quadSwapDiagonal(v[3]));
}

// Lanes past the last row or column have computed the last one again, and store the same values there.
fn put(v: vec4<f32>, base: u32, row: u32) {
  c[base + min(row, params.rows - 1u) * (params.columns / 4u)] = v;
}

// q's columns are the rows of C that `lane` loaded.
fn store(q: mat4x4<f32>, base: u32, first: u32, lane: u32) {
  let step = select(4u, 1u, TURNED_A);
  let row = select(first + lane, min(first + lane * 4u, params.rows - 4u), TURNED_A);
  put(q[0], base, row);
  put(q[1], base, row + step);
  put(q[2], base, row + 2u * step);
  put(q[3], base, row + 3u * step);
}
