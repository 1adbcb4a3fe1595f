// Convolution of f16 as an implicit matrix product on matrix units (tensor cores): 64 pixels times 64 channels a
// workgroup of four subgroups, a quarter each as 2×2 products of 16×16, 32 terms of the sum (tap and input channel) a
// round. Products are exact, sums f32. Coordinates as in conv2d.subgroup4.wgsl.
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
requires subgroup_id;
override TRANSPOSED: bool = false;

// @include grid

// @include gather

const TILE: u32 = 64u;
const DEPTH: u32 = 32u;
// From row to row of the tiles: eight more, so that rows begin in different banks.
const INPUT_PITCH: u32 = 40u;
const WEIGHT_PITCH: u32 = 72u;

@group(0) @binding(1) var<storage, read> x: array<f16>;
@group(0) @binding(2) var<storage, read> w: array<f16>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f16>;

// Image, row and column of the tile's pixels in the grid of the residue class.
var<workgroup> places: array<vec3<i32>, TILE>;
// [pixel][term] and [term][channel]
var<workgroup> inputs: array<f16, 2560>;
var<workgroup> weights: array<f16, 2304>;
// A 16×16 product of each subgroup.
var<workgroup> results: array<f32, 1024>;

fn inputAt(p: vec3<i32>, dy: i32, dx: i32, k: u32) -> f16 {
  let iy = p.y * params.stride + dy;
  let ix = p.z * params.stride + dx;
  let inside = (iy >= 0) & (ix >= 0) & (iy < i32(params.inHeight)) & (ix < i32(params.inWidth));
  if (!inside) { return 0.0h; }
  let at = (u32(p.x) * params.inHeight + u32(iy)) * params.inWidth + u32(ix);
  return x[at * params.xPitch + params.xStart + k];
}

// Where a term's tap meets the input from a pixel of the residue class, and whether it does.
struct Tap {
  dy: i32,
  dx: i32,
  counts: bool,
}

fn tapOf(term: u32, ry: u32, rx: u32) -> Tap {
  let tap = term / params.k;
  let ty = i32(ry) + i32(tap / params.kernelWidth) * params.dilation + params.offsetY;
  let tx = i32(rx) + i32(tap % params.kernelWidth) * params.dilation + params.offsetX;
  let counts = (tap < params.kernelHeight * params.kernelWidth) & (ty % params.up == 0) & (tx % params.up == 0);
  return Tap(ty / params.up, tx / params.up, counts);
}

// Neighbouring invocations bring neighbouring channels of a pixel.
fn fillInputs(base: u32, local: u32, ry: u32, rx: u32) {
  let d = local % DEPTH;
  let term = base + d;
  let tap = tapOf(term, ry, rx);
  for (var pixel = local / DEPTH; pixel < TILE; pixel += 4u) {
    var value = 0.0h;
    if (tap.counts) { value = inputAt(places[pixel], tap.dy, tap.dx, term % params.k); }
    inputs[pixel * INPUT_PITCH + d] = value;
  }
}

// Zero too where the tap meets no pixel: the weight need not be finite.
fn weightAt(term: u32, channel: u32, ry: u32, rx: u32) -> f16 {
  if ((channel >= params.m) || !tapOf(term, ry, rx).counts) { return 0.0h; }
  if (TRANSPOSED) { return w[(term / params.k * params.m + channel) * params.k + term % params.k]; }
  return w[term * params.m + channel];
}

// Neighbouring invocations bring neighbouring elements of the weight.
fn fillWeights(base: u32, local: u32, first: u32, ry: u32, rx: u32) {
  for (var i = local; i < DEPTH * TILE; i += 128u) {
    let d = select(i / TILE, i % DEPTH, TRANSPOSED);
    let channel = select(i % TILE, i / DEPTH, TRANSPOSED);
    weights[d * WEIGHT_PITCH + channel] = weightAt(base + d, first + channel, ry, rx);
  }
}

// Writes one product of each subgroup: `own` is the element of it, `pixel` and `channel` where its first one lies.
fn store(own: u32, value: f32, pixel: u32, channel: u32, ry: u32, rx: u32) {
  let m = channel + own % 16u;
  let index = pixel + own / 16u;
  if ((index >= params.pixels) | (m >= params.m)) { return; }
  let line = index / params.classWidth;
  let oy = (line % params.classHeight) * u32(params.up) + ry;
  let ox = (index % params.classWidth) * u32(params.up) + rx;
  if ((oy >= params.outHeight) | (ox >= params.outWidth)) { return; }
  var v = value;
  if (params.hasBias == 1u) { v += bias[m]; }
  if (params.relu == 1u) { v = select(v, 0.0, v < 0.0); }
  let at = (line / params.classHeight * params.outHeight + oy) * params.outWidth + ox;
  y[at * params.yPitch + params.yStart + m] = f16(v);
}

@compute @workgroup_size(128)
fn main(
  @builtin(workgroup_id) id: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
) {
  let group = workgroupAt(id);
  let ry = group.z / params.classesX;
  let rx = group.z % params.classesX;
  if (local < TILE) {
    let index = min(group.x * TILE + local, params.pixels - 1u);
    let line = index / params.classWidth;
    places[local] = vec3<i32>(vec3<u32>(line / params.classHeight, line % params.classHeight, index % params.classWidth));
  }
  workgroupBarrier();
  // This subgroup's quarter.
  let top = (subgroup / 2u) * 32u;
  let left = (subgroup % 2u) * 32u;
  var q00 = subgroup_matrix_result<f32, 16, 16>();
  var q01 = subgroup_matrix_result<f32, 16, 16>();
  var q10 = subgroup_matrix_result<f32, 16, 16>();
  var q11 = subgroup_matrix_result<f32, 16, 16>();
  let terms = params.kernelHeight * params.kernelWidth * params.k;
  for (var base = 0u; base < terms; base += DEPTH) {
    fillInputs(base, local, ry, rx);
    fillWeights(base, local, group.y * TILE, ry, rx);
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d += 16u) {
      let rows = top * INPUT_PITCH + d;
      let columns = d * WEIGHT_PITCH + left;
      let a0 = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&inputs, rows, INPUT_PITCH);
      let a1 = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&inputs, rows + 16u * INPUT_PITCH, INPUT_PITCH);
      let b0 = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, row_major>(&weights, columns, WEIGHT_PITCH);
      let b1 = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, row_major>(&weights, columns + 16u, WEIGHT_PITCH);
      q00 = subgroupMatrixMultiplyAccumulate(a0, b0, q00);
      q01 = subgroupMatrixMultiplyAccumulate(a0, b1, q01);
      q10 = subgroupMatrixMultiplyAccumulate(a1, b0, q10);
      q11 = subgroupMatrixMultiplyAccumulate(a1, b1, q11);
    }
    workgroupBarrier();
  }
  // One product after the other through workgroup memory, for a subgroup does not know which lane holds what.
  let quarter = local / 32u;
  for (var part = 0u; part < 4u; part++) {
    if (part == 0u) { subgroupMatrixStore<row_major>(&results, subgroup * 256u, q00, 16u); }
    if (part == 1u) { subgroupMatrixStore<row_major>(&results, subgroup * 256u, q01, 16u); }
    if (part == 2u) { subgroupMatrixStore<row_major>(&results, subgroup * 256u, q10, 16u); }
    if (part == 3u) { subgroupMatrixStore<row_major>(&results, subgroup * 256u, q11, 16u); }
    workgroupBarrier();
    let pixel = group.x * TILE + (quarter / 2u) * 32u + (part / 2u) * 16u;
    let channel = group.y * TILE + (quarter % 2u) * 32u + (part % 2u) * 16u;
    for (var own = local % 32u; own < 256u; own += 32u) {
      store(own, results[quarter * 256u + own], pixel, channel, ry, rx);
    }
    workgroupBarrier();
  }
}
