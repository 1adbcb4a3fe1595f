// Gradient of a convolution's weight from f16 images on matrix units, channels in multiples of 4: rows are (tap, large
// channel), columns small channels, and the sum runs over a strip of the small image's pixels, DEPTH a round. Tap and
// channel are found before the loops, where pixels lie once a workgroup, for some rounds at a time. Terms as in
// conv2dWeightGrad.subgroup4.wgsl.
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
requires subgroup_id;
// Whether the sum of the small image over its pixels is wanted too, of each strip: workgroups of the first rows take it.
override SUMS: bool = false;
// Or that of the large one, of each strip and tap, which has every pixel once where taps and small pixels tile it:
// workgroups of the first columns take it.
override LARGE_SUMS: bool = false;

// @include grid

// @include correlation

// @include correlationRow

// @include matrix

// Filling, neighbours bring neighbouring channels.
const ROW_QUADS: u32 = ROWS / 4u;
const ROW_STEP: u32 = INVOCATIONS / ROW_QUADS;
const COLUMN_QUADS: u32 = COLUMNS / 4u;
const COLUMN_STEP: u32 = INVOCATIONS / COLUMN_QUADS;
// In vec4s, from pixel to pixel of the tiles: two more, so that they begin in different banks.
const ROW_PITCH: u32 = ROW_QUADS + 2u;
const COLUMN_PITCH: u32 = COLUMN_QUADS + 2u;

// The images are read as four f16 each: as such, they would be taken apart by some compilers.
@group(0) @binding(1) var<storage, read> large: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> small: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4<f32>>;
// [strip][small channel / 4] or [strip][row / 4]
@group(0) @binding(4) var<storage, read_write> sums: array<vec4<f32>>;

// Where the pixels of some rounds lie in the large image.
var<workgroup> pixels: array<Pixel, INVOCATIONS>;
// [pixel][row / 4] and [pixel][column / 4]
var<workgroup> rowTile: array<vec4<f16>, DEPTH * ROW_PITCH>;
var<workgroup> columnTile: array<vec4<f16>, DEPTH * COLUMN_PITCH>;

// Of every COLUMN_STEP-th pixel of the strip a quad of columns each, or of every ROW_STEP-th a quad of rows.
var<workgroup> ownSums: array<vec4<f32>, INVOCATIONS>;

// Row and column at no shift, and the vec4 of the first channel there.
struct Pixel {
  row: i32,
  column: i32,
  source: i32,
}

fn pixelAt(place: vec3<u32>) -> Pixel {
  let at = vec2<i32>(place.yx) * params.stride;
  let pixel = (i32(place.z * params.largeHeight) + at.x) * i32(params.largeWidth) + at.y;
  // Past the last image, no shift leads into one.
  let row = select(-0x40000000, at.x, place.z < params.batch);
  return Pixel(row, at.y, pixel * i32(params.largePitch / 4u) + i32(params.largeStart / 4u));
}

fn correlate(group: vec3<u32>, local: u32, subgroup: u32, lane: u32) {
  let rows = params.count / params.b;
  let end = params.batch * params.smallHeight * params.smallWidth;
  // Whole rounds per split, so that u32 products stay small.
  let rounds = (end + DEPTH - 1u) / DEPTH;
  let stop = stripBegin(rounds, group.z + 1u) * DEPTH;
  // What it brings: a quad of rows of pixels ROW_STEP apart, and one of columns of pixels COLUMN_STEP apart. Those past
  // the last are not stored.
  let depth = local / ROW_QUADS;
  let own = rowOf(min(group.x * ROWS + local % ROW_QUADS * 4u, rows - 4u));
  let shift = (own.shiftY * i32(params.largeWidth) + own.shiftX) * i32(params.largePitch / 4u) + i32(own.a / 4u);
  let put = depth * ROW_PITCH + local % ROW_QUADS;
  let column = min(group.y * COLUMNS + local % COLUMN_QUADS * 4u, params.b - 4u);
  let putColumn = local / COLUMN_QUADS * COLUMN_PITCH + local % COLUMN_QUADS;
  // This subgroup's part.
  let top = (subgroup / ABREAST) * 4u * SIDE;
  let left = (subgroup % ABREAST) * 2u * SIDE;
  var q00 = Product();
  var q01 = Product();
  var q10 = Product();
  var q11 = Product();
  var q20 = Product();
  var q21 = Product();
  var q30 = Product();
  var q31 = Product();
  for (var begin = stripBegin(rounds, group.z) * DEPTH; begin < stop; begin += INVOCATIONS) {
    pixels[local] = pixelAt(placeOf(begin + local));
    workgroupBarrier();
    if (LARGE_SUMS && group.y == 0u) { ownSums[local] += rowsFrom(stop - begin, depth, own, shift); }
    for (var d0 = 0u; d0 < min(INVOCATIONS, stop - begin); d0 += DEPTH) {
      var r: array<vec2<u32>, ROW_LOADS>;
      for (var i = 0u; i < ROW_LOADS; i++) {
        let p = pixels[d0 + depth + i * ROW_STEP];
        let inside = (u32(p.row + own.shiftY) < params.largeHeight) & (u32(p.column + own.shiftX) < params.largeWidth);
        r[i] = select(vec2<u32>(), large[select(0u, u32(p.source + shift), inside)], inside);
      }
      var c: array<vec2<u32>, COLUMN_LOADS>;
      for (var i = 0u; i < COLUMN_LOADS; i++) {
        let pixel = begin + d0 + local / COLUMN_QUADS + i * COLUMN_STEP;
        let exists = pixel < end;
        let at = (pixel * params.b + column) / 4u;
        c[i] = select(vec2<u32>(), small[select(0u, at, exists)], exists);
      }
      workgroupBarrier();
      for (var i = 0u; i < ROW_LOADS; i++) { rowTile[put + i * ROW_STEP * ROW_PITCH] = bitcast<vec4<f16>>(r[i]); }
      for (var i = 0u; i < COLUMN_LOADS; i++) {
        columnTile[putColumn + i * COLUMN_STEP * COLUMN_PITCH] = bitcast<vec4<f16>>(c[i]);
      }
      workgroupBarrier();
      for (var d = 0u; d < DEPTH; d += SIDE) {
        let above = d * ROW_PITCH + top / 4u;
        let aside = d * COLUMN_PITCH + left / 4u;
        let m0 = subgroupMatrixLoad<Right, row_major>(&columnTile, aside, COLUMN_PITCH);
        let m1 = subgroupMatrixLoad<Right, row_major>(&columnTile, aside + SIDE / 4u, COLUMN_PITCH);
        let p0 = subgroupMatrixLoad<Left, col_major>(&rowTile, above, ROW_PITCH);
        q00 = subgroupMatrixMultiplyAccumulate(p0, m0, q00);
        q01 = subgroupMatrixMultiplyAccumulate(p0, m1, q01);
        let p1 = subgroupMatrixLoad<Left, col_major>(&rowTile, above + SIDE / 4u, ROW_PITCH);
        q10 = subgroupMatrixMultiplyAccumulate(p1, m0, q10);
        q11 = subgroupMatrixMultiplyAccumulate(p1, m1, q11);
        let p2 = subgroupMatrixLoad<Left, col_major>(&rowTile, above + SIDE / 2u, ROW_PITCH);
        q20 = subgroupMatrixMultiplyAccumulate(p2, m0, q20);
        q21 = subgroupMatrixMultiplyAccumulate(p2, m1, q21);
        let p3 = subgroupMatrixLoad<Left, col_major>(&rowTile, above + 3u * SIDE / 4u, ROW_PITCH);
        q30 = subgroupMatrixMultiplyAccumulate(p3, m0, q30);
        q31 = subgroupMatrixMultiplyAccumulate(p3, m1, q31);
      }
    }
    // Not in the rounds, which all workgroups have: what is read here again was read a moment ago.
    if (SUMS && group.x == 0u) { ownSums[local] += columnsFrom(begin, min(stop, end), local / COLUMN_QUADS, column); }
  }
  let base = subgroup * SIDE * RESULT_PITCH;
  let quad = lane % RESULT_PITCH;
  let x = group.y * COLUMNS + left + quad * 4u;
  for (var part = 0u; part < 4u; part++) {
    workgroupBarrier();
    if (part == 0u) { lay(base, q00, q01); }
    else if (part == 1u) { lay(base, q10, q11); }
    else if (part == 2u) { lay(base, q20, q21); }
    else { lay(base, q30, q31); }
    workgroupBarrier();
    for (var line = lane / RESULT_PITCH; line < SIDE; line += LANES / RESULT_PITCH) {
      let y = group.x * ROWS + top + part * SIDE + line;
      if ((y < rows) & (x < params.b)) {
        partial[(group.z * params.count + y * params.b + x) / 4u] = results[base + line * RESULT_PITCH + quad];
      }
    }
  }
}

// The sum of a quad of rows over every ROW_STEP-th of the `count` pixels that `pixels` holds, if as many.
fn rowsFrom(count: u32, first: u32, own: Row, shift: i32) -> vec4<f32> {
  var sum = vec4<f32>();
  for (var i = first; i < min(INVOCATIONS, count); i += ROW_STEP) {
    let p = pixels[i];
    let inside = (u32(p.row + own.shiftY) < params.largeHeight) & (u32(p.column + own.shiftX) < params.largeWidth);
    let value = vec4<f32>(bitcast<vec4<f16>>(large[select(0u, u32(p.source + shift), inside)]));
    sum += select(vec4<f32>(), value, inside);
  }
  return sum;
}

// The sum over every COLUMN_STEP-th of the pixels that `pixels` holds.
fn columnsFrom(begin: u32, end: u32, first: u32, column: u32) -> vec4<f32> {
  var sum = vec4<f32>();
  for (var i = first; i < INVOCATIONS; i += COLUMN_STEP) {
    let pixel = begin + i;
    let exists = pixel < end;
    let value = vec4<f32>(bitcast<vec4<f16>>(small[select(0u, (pixel * params.b + column) / 4u, exists)]));
    sum += select(vec4<f32>(), value, exists);
  }
  return sum;
}

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let group = workgroupAt(id);
  correlate(group, local, subgroup, lane);
}

@compute @workgroup_size(INVOCATIONS)
fn withSums(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let group = workgroupAt(id);
  correlate(group, local, subgroup, lane);
  // There are barriers between the sums and this.
  let quads = select(COLUMN_QUADS, ROW_QUADS, LARGE_SUMS);
  let all = select(params.b, params.count / params.b, LARGE_SUMS);
  let across = select(group.y * COLUMNS, group.x * ROWS, LARGE_SUMS) + local * 4u;
  let others = select(group.x, group.y, LARGE_SUMS);
  if ((others > 0u) | (local >= quads) | (across >= all)) { return; }
  var sum = vec4<f32>();
  for (var i = local; i < INVOCATIONS; i += quads) { sum += ownSums[i]; }
  sums[(group.z * all + across) / 4u] = sum;
}
