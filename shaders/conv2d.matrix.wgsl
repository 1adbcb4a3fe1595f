// Convolution as an implicit matrix product on matrix units, channels in multiples of 4: rows are pixels, columns
// channels out, and a round of the sum is DEPTH input channels of one tap. Where pixels and their results lie is found
// once a workgroup, where a tap meets them once a tap. Coordinates as in conv2d.subgroup4.wgsl.
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
requires subgroup_id;
override TRANSPOSED: bool = false;
// Whether the input's channels are whole rounds.
override WHOLE: bool = false;
// Whether results are 0 where `cut`, the output of a ReLU as y lies, is 0.
override CUTS: bool = false;
// Whether the moments of each subgroup's rows of results, as they are stored, are wanted too.
override MOMENTS: bool = false;
alias V = vec4<f32>;

// @include grid

// @include gather

// @include matrix

// @include moments

// Filling, neighbours bring neighbouring channels in (QUADS of them a pixel) or, of a weight that is not transposed,
// neighbouring channels out.
const QUADS: u32 = DEPTH / 4u;
const STEP: u32 = INVOCATIONS / QUADS;
const COLUMN_QUADS: u32 = COLUMNS / 4u;
const DEPTH_STEP: u32 = INVOCATIONS / COLUMN_QUADS;
// In vec4s, from row to row of the tiles: two more, so that rows begin in different banks.
const DEPTH_PITCH: u32 = QUADS + 2u;
const COLUMN_PITCH: u32 = COLUMN_QUADS + 2u;
const NOWHERE: u32 = 0xffffffffu;

// Input and weight are read as four f16 each: as such, they would be taken apart by some compilers.
@group(0) @binding(1) var<storage, read> x: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> w: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read> bias: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4<f16>>;
@group(0) @binding(5) var<storage, read> cut: array<vec4<f16>>;

// Two planes of [4·SIDE rows, channel out / 4]: mean, and sum of squared distances from it.
@group(0) @binding(6) var<storage, read_write> moments: array<vec4<f32>>;

// Where the tile's pixels lie.
var<workgroup> pixels: array<Pixel, ROWS>;
// [pixel][channel in / 4], and [channel in][channel out / 4] or, transposed, [channel out][channel in / 4]
var<workgroup> inputs: array<vec4<f16>, ROWS * DEPTH_PITCH>;
var<workgroup> weights: array<vec4<f16>, COLUMNS * DEPTH_PITCH>;

struct Pixel {
  // row and column of the input that it meets at no shift, and the vec4 of the first channel there
  row: i32,
  column: i32,
  source: i32,
  // the vec4 of its own first channel, or NOWHERE
  place: u32,
}

// A pixel of the residue class; past the last, the last, which lies nowhere.
fn pixelOf(index: u32, ry: u32, rx: u32) -> Pixel {
  let pixel = min(index, params.pixels - 1u);
  let line = pixel / params.classWidth;
  let image = line / params.classHeight;
  let at = vec2(line - image * params.classHeight, pixel - line * params.classWidth);
  let input = vec2<i32>(at) * params.stride;
  let source = (i32(image * params.inHeight) + input.x) * i32(params.inWidth) + input.y;
  let output = at * u32(params.up) + vec2(ry, rx);
  let result = (image * params.outHeight + output.x) * params.outWidth + output.y;
  let exists = (index < params.pixels) & (output.x < params.outHeight) & (output.y < params.outWidth);
  return Pixel(
    input.x, input.y, source * i32(params.xPitch / 4u) + i32(params.xStart / 4u),
    select(NOWHERE, (result * params.yPitch + params.yStart) / 4u, exists),
  );
}

// What it stores, not rounded to f16 yet.
fn store(place: u32, m: u32, sum: vec4<f32>) -> vec4<f32> {
  let v = sum + select(vec4<f32>(), bias[m / 4u], params.hasBias == 1u);
  var off = (v < vec4<f32>()) & vec4<bool>(params.relu == 1u);
  if (CUTS) { off = cut[place + m / 4u] <= vec4<f16>(); }
  let result = select(v, vec4<f32>(), off);
  y[place + m / 4u] = vec4<f16>(result);
  return result;
}

// Of the results that a lane has stored, where MOMENTS.
var<private> taken: Moments;

fn convolve(group: vec3<u32>, local: u32, subgroup: u32, lane: u32) {
  let ry = group.z / params.classesX;
  let rx = group.z % params.classesX;
  for (var i = local; i < ROWS; i += INVOCATIONS) { pixels[i] = pixelOf(group.x * ROWS + i, ry, rx); }
  workgroupBarrier();
  // What it brings of the input: a quad of channels of pixels STEP apart.
  let quad = local % QUADS;
  let row = local / QUADS;
  // And of the weight: a quad of channels in of channels out STEP apart, or the other way round. Channels past the last
  // are not stored.
  let first = group.y * COLUMNS;
  let side = vec2(local % COLUMN_QUADS, local / COLUMN_QUADS);
  var origins: array<u32, COLUMN_LOADS>;
  for (var i = 0u; i < COLUMN_LOADS; i++) {
    if (TRANSPOSED) { origins[i] = min(first + row + i * STEP, params.m - 1u) * params.k / 4u + quad; }
    else { origins[i] = ((side.y + i * DEPTH_STEP) * params.m + min(first + side.x * 4u, params.m - 4u)) / 4u; }
  }
  let put = row * DEPTH_PITCH + quad;
  let putWeight = select(side.y * COLUMN_PITCH + side.x, put, TRANSPOSED);
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
  for (var ky = 0u; ky < params.kernelHeight; ky++) {
    let ty = i32(ry) + i32(ky) * params.dilation + params.offsetY;
    for (var kx = 0u; kx < params.kernelWidth; kx++) {
      let tx = i32(rx) + i32(kx) * params.dilation + params.offsetX;
      // The same for the whole workgroup.
      if ((ty % params.up != 0) | (tx % params.up != 0)) { continue; }
      let iy = ty / params.up;
      let ix = tx / params.up;
      let shift = (iy * i32(params.inWidth) + ix) * i32(params.xPitch / 4u);
      var sources: array<u32, ROW_LOADS>;
      var inside: array<bool, ROW_LOADS>;
      for (var i = 0u; i < ROW_LOADS; i++) {
        let own = pixels[row + i * STEP];
        inside[i] = (u32(own.row + iy) < params.inHeight) & (u32(own.column + ix) < params.inWidth);
        sources[i] = select(0u, u32(own.source + shift), inside[i]) + quad;
      }
      let tap = (ky * params.kernelWidth + kx) * params.k;
      for (var k = 0u; k < params.k; k += DEPTH) {
        var a: array<vec2<u32>, ROW_LOADS>;
        let counts = WHOLE || k + quad * 4u < params.k;
        for (var i = 0u; i < ROW_LOADS; i++) {
          a[i] = select(vec2<u32>(), x[select(0u, sources[i] + k / 4u, counts)], inside[i] & counts);
        }
        var b: array<vec2<u32>, COLUMN_LOADS>;
        let begin = (tap * params.m + k * select(params.m, 1u, TRANSPOSED)) / 4u;
        for (var i = 0u; i < COLUMN_LOADS; i++) {
          let there = WHOLE || select(k + side.y + i * DEPTH_STEP < params.k, counts, TRANSPOSED);
          b[i] = select(vec2<u32>(), w[select(0u, begin + origins[i], there)], there);
        }
        workgroupBarrier();
        for (var i = 0u; i < ROW_LOADS; i++) { inputs[put + i * STEP * DEPTH_PITCH] = bitcast<vec4<f16>>(a[i]); }
        for (var i = 0u; i < COLUMN_LOADS; i++) {
          weights[putWeight + i * select(DEPTH_STEP * COLUMN_PITCH, STEP * DEPTH_PITCH, TRANSPOSED)] = bitcast<vec4<f16>>(b[i]);
        }
        workgroupBarrier();
        for (var d = 0u; d < QUADS; d += SIDE / 4u) {
          var m0: Right;
          var m1: Right;
          if (TRANSPOSED) {
            m0 = subgroupMatrixLoad<Right, col_major>(&weights, left * DEPTH_PITCH + d, DEPTH_PITCH);
            m1 = subgroupMatrixLoad<Right, col_major>(&weights, (left + SIDE) * DEPTH_PITCH + d, DEPTH_PITCH);
          } else {
            m0 = subgroupMatrixLoad<Right, row_major>(&weights, 4u * d * COLUMN_PITCH + left / 4u, COLUMN_PITCH);
            m1 = subgroupMatrixLoad<Right, row_major>(&weights, 4u * d * COLUMN_PITCH + (left + SIDE) / 4u, COLUMN_PITCH);
          }
          let p0 = subgroupMatrixLoad<Left, row_major>(&inputs, top * DEPTH_PITCH + d, DEPTH_PITCH);
          q00 = subgroupMatrixMultiplyAccumulate(p0, m0, q00);
          q01 = subgroupMatrixMultiplyAccumulate(p0, m1, q01);
          let p1 = subgroupMatrixLoad<Left, row_major>(&inputs, (top + SIDE) * DEPTH_PITCH + d, DEPTH_PITCH);
          q10 = subgroupMatrixMultiplyAccumulate(p1, m0, q10);
          q11 = subgroupMatrixMultiplyAccumulate(p1, m1, q11);
          let p2 = subgroupMatrixLoad<Left, row_major>(&inputs, (top + 2u * SIDE) * DEPTH_PITCH + d, DEPTH_PITCH);
          q20 = subgroupMatrixMultiplyAccumulate(p2, m0, q20);
          q21 = subgroupMatrixMultiplyAccumulate(p2, m1, q21);
          let p3 = subgroupMatrixLoad<Left, row_major>(&inputs, (top + 3u * SIDE) * DEPTH_PITCH + d, DEPTH_PITCH);
          q30 = subgroupMatrixMultiplyAccumulate(p3, m0, q30);
          q31 = subgroupMatrixMultiplyAccumulate(p3, m1, q31);
        }
      }
    }
  }
  let base = subgroup * SIDE * RESULT_PITCH;
  let column = lane % RESULT_PITCH;
  let m = first + left + column * 4u;
  for (var part = 0u; part < 4u; part++) {
    workgroupBarrier();
    if (part == 0u) { lay(base, q00, q01); }
    else if (part == 1u) { lay(base, q10, q11); }
    else if (part == 2u) { lay(base, q20, q21); }
    else { lay(base, q30, q31); }
    workgroupBarrier();
    for (var line = lane / RESULT_PITCH; line < SIDE; line += LANES / RESULT_PITCH) {
      let place = pixels[top + part * SIDE + line].place;
      if ((m < params.m) & (place != NOWHERE)) {
        let stored = store(place, m, results[base + line * RESULT_PITCH + column]);
        if (MOMENTS) {
          // Compilers leave out a conversion there and back.
          let v = quantizeToF16(stored);
          // Welford 1962
          let count = taken.count + 1.0;
          let distance = v - taken.mean;
          let mean = taken.mean + distance / count;
          taken = Moments(count, mean, taken.spread + distance * (v - mean));
        }
      }
    }
  }
}

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let group = workgroupAt(id);
  convolve(group, local, subgroup, lane);
}

@compute @workgroup_size(INVOCATIONS)
fn withMoments(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let group = workgroupAt(id);
  convolve(group, local, subgroup, lane);
  storeMoments(group, subgroup, lane);
}

// A lane has every LINE_STEP-th of its subgroup's rows: from `first` on, of those that exist.
const LINE_STEP: u32 = LANES / RESULT_PITCH;

fn linesOf(first: u32, exist: u32) -> f32 {
  return f32((max(exist, first) - first + LINE_STEP - 1u) / LINE_STEP);
}

// Puts the lanes' moments together: the first lanes have a quad of channels each.
fn storeMoments(group: vec3<u32>, subgroup: u32, lane: u32) {
  let base = subgroup * SIDE * RESULT_PITCH;
  // Results lay there.
  workgroupBarrier();
  results[base + lane] = taken.mean;
  results[base + LANES + lane] = taken.spread;
  workgroupBarrier();
  let row = group.x * ROWS + (subgroup / ABREAST) * 4u * SIDE;
  let m = group.y * COLUMNS + (subgroup % ABREAST) * 2u * SIDE + lane * 4u;
  if ((lane >= RESULT_PITCH) | (m >= params.m) | (row >= params.pixels)) { return; }
  let exist = min(4u * SIDE, params.pixels - row);
  var all = taken;
  for (var i = 1u; i < LINE_STEP; i++) {
    let at = base + i * RESULT_PITCH + lane;
    all = merged(all, Moments(linesOf(i, exist), results[at], results[at + LANES]));
  }
  let blocks = (params.pixels + 4u * SIDE - 1u) / (4u * SIDE);
  let at = (row / (4u * SIDE) * params.m + m) / 4u;
  moments[at] = all.mean;
  moments[at + blocks * params.m / 4u] = all.spread;
}
