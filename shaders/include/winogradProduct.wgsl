// What every form of the batch of matrix products C = A·B reads and writes: see src/kernels/conv/winogradProduct.ts.

// A is [depth][rows] instead of [rows][depth].
override TURNED_A: bool = false;
// B is [columns][depth] instead of [depth][columns].
override TURNED_B: bool = false;

struct Params {
  // multiples of 4, but for the rows of an A that is not turned
  rows: u32,
  depth: u32,
  columns: u32,
  // vec4s from one plane to the next
  planeA: u32,
  planeB: u32,
  planeC: u32,
  // for the form for GPUs: planes, depths of a strip, and vec4s from one strip's C to the next
  points: u32,
  chunk: u32,
  stripC: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4<f32>>;

// Depths d … d+3 (components) of four rows (columns), of those past the last the last again.
fn depthsOf(base: u32, rows: vec4<u32>, d: u32) -> mat4x4<f32> {
  let s = params.depth / 4u;
  let at = base + d / 4u + min(rows, vec4<u32>(params.rows - 1u)) * s;
  return mat4x4<f32>(a[at.x], a[at.y], a[at.z], a[at.w]);
}

// The same of the rows from `row`, at most rows − 4, of an A that is turned.
fn turnedDepthsOf(base: u32, row: u32, d: u32) -> mat4x4<f32> {
  let i = base + (d * params.rows + row) / 4u;
  let s = params.rows / 4u;
  return transpose(mat4x4<f32>(a[i], a[i + s], a[i + 2u * s], a[i + 3u * s]));
}

// Depths d … d+3 (components) of the rows from `row` (columns).
fn rowsOf(base: u32, row: u32, d: u32) -> mat4x4<f32> {
  if (TURNED_A) { return turnedDepthsOf(base, min(row, params.rows - 4u), d); }
  return depthsOf(base, vec4(row) + vec4(0u, 1u, 2u, 3u), d);
}

// Depths d … d+3 (columns) of the four columns from `column`, at most columns − 4.
fn columnsOf(base: u32, column: u32, d: u32) -> mat4x4<f32> {
  if (TURNED_B) {
    let i = base + (column * params.depth + d) / 4u;
    let s = params.depth / 4u;
    return transpose(mat4x4<f32>(b[i], b[i + s], b[i + 2u * s], b[i + 3u * s]));
  }
  let i = base + (d * params.columns + column) / 4u;
  let s = params.columns / 4u;
  return mat4x4<f32>(b[i], b[i + s], b[i + 2u * s], b[i + 3u * s]);
}
