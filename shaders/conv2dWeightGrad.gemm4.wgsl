// Gradient of a convolution's weight as a matrix product with tiles in workgroup memory, for GPUs, channels in
// multiples of 4: rows are (tap, large channel), columns small channels, and the sum runs over a strip of the small
// image's pixels, 16 a round. A workgroup computes 64 rows times 64 columns, an invocation 8 times 8, in quads 32 apart
// so that neighbours read neighbouring quads. Tap and channel are found before the loop, and pixels by steps: nothing
// is divided within. Terms as in conv2dWeightGrad.subgroup4.wgsl.
// The images are vec4s of four channels; products and sums are f32.
// @variant E4 = vec4<f16>
alias E4 = vec4<f32>;

// @include correlation

// @include grid

// @include correlationRow

const TILE: u32 = 64u;
const DEPTH: u32 = 16u;

@group(0) @binding(1) var<storage, read> large: array<E4>;
@group(0) @binding(2) var<storage, read> small: array<E4>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4<f32>>;

// [pixel][row / 4] and [pixel][column / 4]
var<workgroup> rowTile: array<array<E4, 16>, DEPTH>;
var<workgroup> columnTile: array<array<E4, 16>, DEPTH>;

// Places add up like numbers of three digits.
fn onwards(place: vec3<u32>, step: vec3<u32>) -> vec3<u32> {
  let far = place + step;
  let wrapsX = far.x >= params.smallWidth;
  let y = far.y + u32(wrapsX);
  let wrapsY = y >= params.smallHeight;
  return vec3<u32>(
    far.x - select(0u, params.smallWidth, wrapsX), y - select(0u, params.smallHeight, wrapsY), far.z + u32(wrapsY),
  );
}

// Four rows' values at a place.
fn largeAt(row: Row, place: vec3<u32>) -> E4 {
  let pixel = pixelUnder(row, place);
  let at = (u32(max(pixel, 0)) * params.largePitch + params.largeStart + row.a) / 4u;
  return select(E4(), large[at], pixel >= 0);
}

// The small image's vec4 at a place, which is `at` where there is one.
fn smallAt(at: u32, place: vec3<u32>) -> E4 {
  let within = place.z < params.batch;
  return select(E4(), small[select(0u, at, within)], within);
}

// @include outer

fn store(q: mat4x4<f32>, base: u32, row: u32, column: u32) {
  if ((column >= params.b) | (row >= params.count / params.b)) { return; }
  for (var i = 0u; i < 4u; i++) { partial[(base + (row + i) * params.b + column) / 4u] = q[i]; }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) index: u32) {
  let group = workgroupAt(id);
  let across = index % 8u;
  let down = index / 8u;
  // What it brings: of every fourth pixel a quad of rows and one of columns; neighbours bring what lies side by side.
  // Those past the last are not stored.
  let quad = index % 16u;
  let depth = index / 16u;
  let row = rowOf(group.x * TILE + quad * 4u);
  let column = min(group.y * TILE + quad * 4u, params.b - 4u);
  // Whole rounds of 16 per split, so that u32 products stay small.
  let rounds = (params.batch * params.smallHeight * params.smallWidth + DEPTH - 1u) / DEPTH;
  let first = stripBegin(rounds, group.z);
  let last = stripBegin(rounds, group.z + 1u);
  let pixel = first * DEPTH + depth;
  let step = placeOf(4u);
  var place = placeOf(pixel);
  var at = (pixel * params.b + column) / 4u;
  var q00 = mat4x4<f32>();
  var q01 = mat4x4<f32>();
  var q10 = mat4x4<f32>();
  var q11 = mat4x4<f32>();
  for (var round = first; round < last; round++) {
    let place1 = onwards(place, step);
    let place2 = onwards(place1, step);
    let place3 = onwards(place2, step);
    // All loads before the writes, so that they are under way at once.
    let r0 = largeAt(row, place);
    let r1 = largeAt(row, place1);
    let r2 = largeAt(row, place2);
    let r3 = largeAt(row, place3);
    // Four pixels on are params.b vec4s on.
    let c0 = smallAt(at, place);
    let c1 = smallAt(at + params.b, place1);
    let c2 = smallAt(at + 2u * params.b, place2);
    let c3 = smallAt(at + 3u * params.b, place3);
    place = onwards(place3, step);
    at += 4u * params.b;
    rowTile[depth][quad] = r0;
    rowTile[depth + 4u][quad] = r1;
    rowTile[depth + 8u][quad] = r2;
    rowTile[depth + 12u][quad] = r3;
    columnTile[depth][quad] = c0;
    columnTile[depth + 4u][quad] = c1;
    columnTile[depth + 8u][quad] = c2;
    columnTile[depth + 12u][quad] = c3;
    workgroupBarrier();
    for (var d = 0u; d < DEPTH; d++) {
      let u0 = vec4<f32>(rowTile[d][down]);
      let u1 = vec4<f32>(rowTile[d][down + 8u]);
      let v0 = vec4<f32>(columnTile[d][across]);
      let v1 = vec4<f32>(columnTile[d][across + 8u]);
      q00 += outer(u0, v0);
      q01 += outer(u0, v1);
      q10 += outer(u1, v0);
      q11 += outer(u1, v1);
    }
    workgroupBarrier();
  }
  let base = group.z * params.count;
  let y = group.x * TILE + down * 4u;
  let x = group.y * TILE + across * 4u;
  store(q00, base, y, x);
  store(q01, base, y, x + 32u);
  store(q10, base, y + 32u, x);
  store(q11, base, y + 32u, x + 32u);
}
