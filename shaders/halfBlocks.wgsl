// Floats as halves in blocks, each with an exponent of its own: nothing finite overflows, and what is 2^-29 of a block's
// largest still has all of a half's bits. A workgroup takes a block. Integer arithmetic: the host does the same.
override WORKGROUP: u32 = 64u;

// As in src/base/halfblocks.ts.
const ELEMENTS: u32 = 1024u;
const WORDS: u32 = 513u;
const PAIRS: u32 = 512u;
const QUADS: u32 = 256u;

struct Params {
  elements: u32,
  blocks: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> halves: array<u32>;
@group(0) @binding(3) var<storage, read> words: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

// @include half

var<workgroup> exponents: array<u32, WORKGROUP>;

// Of a workgroup's number in a grid of `linearGrid`.
fn blockOf(id: vec3<u32>) -> u32 {
  return id.x + id.y * 65535u;
}

fn at(i: u32) -> f32 {
  return select(0.0, x[min(i, params.elements - 1u)], i < params.elements);
}

// 2 to the power of a float's exponent less its bias.
fn power(exponent: u32) -> f32 {
  return bitcast<f32>(exponent << 23u);
}

@compute @workgroup_size(WORKGROUP)
fn pack(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let own = blockOf(group);
  let begin = ELEMENTS * own;
  // The least that leaves both powers normal.
  var largest = 15u;
  for (var i = lane; i < ELEMENTS; i += WORKGROUP) {
    let bits = bitcast<u32>(at(begin + i));
    let exponent = (bits >> 23u) & 255u;
    if (exponent < 255u) { largest = max(largest, exponent); }
  }
  exponents[lane] = largest;
  workgroupBarrier();
  for (var other = 0u; other < WORKGROUP; other++) { largest = max(largest, exponents[other]); }
  if (own >= params.blocks) { return; }
  if (lane == 0u) { halves[WORDS * own] = largest; }
  // The largest comes to 2^14 or more, and below 2^15.
  let factor = power(268u - largest);
  for (var i = lane; i < QUADS; i += WORKGROUP) {
    let first = begin + 4u * i;
    let bits = halfBits(vec4(at(first), at(first + 1u), at(first + 2u), at(first + 3u)) * factor);
    let to = WORDS * own + 1u + 2u * i;
    halves[to] = bits.x | (bits.y << 16u);
    halves[to + 1u] = bits.z | (bits.w << 16u);
  }
}

@compute @workgroup_size(WORKGROUP)
fn unpack(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let own = blockOf(group);
  if (own >= params.blocks) { return; }
  let factor = power(words[WORDS * own] - 14u);
  for (var i = lane; i < PAIRS; i += WORKGROUP) {
    let pair = unpack2x16float(words[WORDS * own + 1u + i]) * factor;
    let to = ELEMENTS * own + 2u * i;
    if (to < params.elements) { y[to] = pair.x; }
    if (to + 1u < params.elements) { y[to + 1u] = pair.y; }
  }
}
