// Gradient of a convolution's weight as a matrix product with tiles in workgroup memory, for GPUs: rows are (tap,
// large channel), columns small channels, and the sum runs over a strip of the small image's pixels, 16 a round.
// Terms as in conv2dWeightGrad.subgroup4.wgsl.
// The images are E; products and sums are f32.
// @variant E = f16, E4 = vec4<f16>
alias E = f32;
alias E4 = vec4<f32>;
// Whether the sum of the small image over its pixels is wanted too, of each strip: workgroups of the first rows take it.
override SUMS: bool = false;

// @include correlation

// @include grid

// @include correlationRow

const TILE: u32 = 64u;
const DEPTH: u32 = 16u;

@group(0) @binding(1) var<storage, read> large: array<E>;
@group(0) @binding(2) var<storage, read> small: array<E>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;
// [strip][small channel]
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;

// [pixel][row / 4] and [pixel][column / 4], written as whole vec4s only: to write one component may touch the others
var<workgroup> rowsTile: array<array<E4, 16>, DEPTH>;
var<workgroup> columnsTile: array<array<E4, 16>, DEPTH>;

// Of every DEPTH-th pixel of the strip, four columns each.
var<workgroup> ownSums: array<vec4<f32>, 256>;

fn largeAt(row: Row, place: vec3<u32>) -> E {
  let pixel = pixelUnder(row, place);
  if (pixel < 0) { return E(); }
  return large[u32(pixel) * params.largePitch + params.largeStart + row.a];
}

fn smallAt(pixel: u32, column: u32, columns: u32) -> E {
  if (column >= columns) { return E(); }
  return small[pixel * params.b + column];
}

fn correlate(group: vec3<u32>, local: vec3<u32>) {
  // What it brings: four rows and four columns of one pixel a round. Rows past the last are not stored.
  let flat = local.y * 16u + local.x;
  let quad = flat % 16u;
  let depth = flat / 16u;
  let row = group.x * TILE + quad * 4u;
  let row0 = rowOf(row);
  let row1 = rowOf(row + 1u);
  let row2 = rowOf(row + 2u);
  let row3 = rowOf(row + 3u);
  let column = group.y * TILE + quad * 4u;
  let pixels = params.batch * params.smallHeight * params.smallWidth;
  // Whole rounds of 16 per split, so that u32 products stay small.
  let rounds = (pixels + DEPTH - 1u) / DEPTH;
  let first = stripBegin(rounds, group.z);
  let last = stripBegin(rounds, group.z + 1u);
  var a0 = vec4<f32>();
  var a1 = vec4<f32>();
  var a2 = vec4<f32>();
  var a3 = vec4<f32>();
  for (var round = first; round < last; round++) {
    let pixel = round * DEPTH + depth;
    let place = placeOf(pixel);
    // None past the last pixel.
    let columns = select(0u, params.b, pixel < pixels);
    rowsTile[depth][quad] =
      E4(largeAt(row0, place), largeAt(row1, place), largeAt(row2, place), largeAt(row3, place));
    let brought = E4(
      smallAt(pixel, column, columns), smallAt(pixel, column + 1u, columns),
      smallAt(pixel, column + 2u, columns), smallAt(pixel, column + 3u, columns),
    );
    columnsTile[depth][quad] = brought;
    if (SUMS) { ownSums[flat] += vec4<f32>(brought); }
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let r = vec4<f32>(rowsTile[d][local.y]);
      let c = vec4<f32>(columnsTile[d][local.x]);
      a0 += r.x * c;
      a1 += r.y * c;
      a2 += r.z * c;
      a3 += r.w * c;
    }
    workgroupBarrier();
  }
  let tile = mat4x4<f32>(a0, a1, a2, a3);
  for (var i = 0u; i < 4u; i++) {
    let r = group.x * TILE + local.y * 4u + i;
    for (var j = 0u; j < 4u; j++) {
      let c = group.y * TILE + local.x * 4u + j;
      if (r < params.count / params.b && c < params.b) {
        partial[group.z * params.count + r * params.b + c] = tile[i][j];
      }
    }
  }
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  correlate(workgroupAt(id), local);
}

@compute @workgroup_size(16, 16)
fn withSums(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let group = workgroupAt(id);
  correlate(group, local);
  // A strip without a round has no barrier.
  workgroupBarrier();
  let flat = local.y * 16u + local.x;
  let column = group.y * TILE + flat;
  if ((group.x > 0u) | (flat >= TILE) | (column >= params.b)) { return; }
  var sum = 0.0;
  for (var i = flat / 4u; i < 256u; i += 16u) { sum += ownSums[i][flat % 4u]; }
  sums[group.z * params.b + column] = sum;
}
