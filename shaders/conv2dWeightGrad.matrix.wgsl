// Gradient of a convolution's weight from f16 images on matrix units (tensor cores): rows are (tap, large channel),
// columns small channels, and the sum runs over a strip of the small image's pixels, 32 a round; 64 rows times 64 columns
// a workgroup of four subgroups, a quarter each as 2×2 products of 16×16. Terms as in conv2dWeightGrad.subgroup4.wgsl.
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
requires subgroup_id;

// @include grid

// @include correlation

const TILE: u32 = 64u;
const DEPTH: u32 = 32u;
// From pixel to pixel of the tiles: eight more, so that they begin in different banks.
const PITCH: u32 = 72u;

@group(0) @binding(1) var<storage, read> large: array<f16>;
@group(0) @binding(2) var<storage, read> small: array<f16>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

// [pixel][row] and [pixel][column]
var<workgroup> rowsTile: array<f16, 2304>;
var<workgroup> columnsTile: array<f16, 2304>;
// A 16×16 product of each subgroup.
var<workgroup> results: array<f32, 1024>;

fn largeAt(pixel: u32, shiftY: i32, shiftX: i32, a: u32) -> f16 {
  let line = pixel / params.smallWidth;
  let iy = i32(line % params.smallHeight) * params.stride + shiftY;
  let ix = i32(pixel % params.smallWidth) * params.stride + shiftX;
  let inside = (iy >= 0) & (ix >= 0) & (iy < i32(params.largeHeight)) & (ix < i32(params.largeWidth));
  if (!inside) { return 0.0h; }
  let at = (line / params.smallHeight * params.largeHeight + u32(iy)) * params.largeWidth + u32(ix);
  return large[at * params.largePitch + params.largeStart + a];
}

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
) {
  let group = workgroupAt(id);
  // Filling: an invocation brings every second pixel of one row and of one column.
  let lane = local % TILE;
  let row = group.x * TILE + lane;
  let column = group.y * TILE + lane;
  let rows = params.count / params.b;
  let tap = row / params.a;
  let shiftY = i32(tap / params.kernelWidth) * params.dilation - params.padding;
  let shiftX = i32(tap % params.kernelWidth) * params.dilation - params.padding;
  let pixels = params.batch * params.smallHeight * params.smallWidth;
  // Whole rounds per split, so that u32 products stay small.
  let rounds = (pixels + DEPTH - 1u) / DEPTH;
  let last = stripBegin(rounds, group.z + 1u);
  // This subgroup's quarter.
  let top = (subgroup / 2u) * 32u;
  let left = (subgroup % 2u) * 32u;
  var q00 = subgroup_matrix_result<f32, 16, 16>();
  var q01 = subgroup_matrix_result<f32, 16, 16>();
  var q10 = subgroup_matrix_result<f32, 16, 16>();
  var q11 = subgroup_matrix_result<f32, 16, 16>();
  for (var round = stripBegin(rounds, group.z); round < last; round++) {
    for (var d = local / TILE; d < DEPTH; d += 2u) {
      let pixel = round * DEPTH + d;
      var r = 0.0h;
      var c = 0.0h;
      if (pixel < pixels) {
        if (row < rows) { r = largeAt(pixel, shiftY, shiftX, row % params.a); }
        if (column < params.b) { c = small[pixel * params.b + column]; }
      }
      rowsTile[d * PITCH + lane] = r;
      columnsTile[d * PITCH + lane] = c;
    }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d += 16u) {
      let above = d * PITCH + top;
      let aside = d * PITCH + left;
      let a0 = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, col_major>(&rowsTile, above, PITCH);
      let a1 = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, col_major>(&rowsTile, above + 16u, PITCH);
      let b0 = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, row_major>(&columnsTile, aside, PITCH);
      let b1 = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, row_major>(&columnsTile, aside + 16u, PITCH);
      q00 = subgroupMatrixMultiplyAccumulate(a0, b0, q00);
      q01 = subgroupMatrixMultiplyAccumulate(a0, b1, q01);
      q10 = subgroupMatrixMultiplyAccumulate(a1, b0, q10);
      q11 = subgroupMatrixMultiplyAccumulate(a1, b1, q11);
    }
    workgroupBarrier();
  }
  // Through workgroup memory: see conv2d.matrix.wgsl.
  let quarter = local / 32u;
  for (var part = 0u; part < 4u; part++) {
    if (part == 0u) { subgroupMatrixStore<row_major>(&results, subgroup * 256u, q00, 16u); }
    if (part == 1u) { subgroupMatrixStore<row_major>(&results, subgroup * 256u, q01, 16u); }
    if (part == 2u) { subgroupMatrixStore<row_major>(&results, subgroup * 256u, q10, 16u); }
    if (part == 3u) { subgroupMatrixStore<row_major>(&results, subgroup * 256u, q11, 16u); }
    workgroupBarrier();
    let first = group.x * TILE + (quarter / 2u) * 32u + (part / 2u) * 16u;
    let start = group.y * TILE + (quarter % 2u) * 32u + (part % 2u) * 16u;
    for (var own = local % 32u; own < 256u; own += 32u) {
      let r = first + own / 16u;
      let c = start + own % 16u;
      if (r < rows && c < params.b) {
        partial[group.z * params.count + r * params.b + c] = results[quarter * 256u + own];
      }
    }
    workgroupBarrier();
  }
}
