// The largest (or smallest) elements along the middle of [outer, size, inner], in order, and their places: of equals the
// first comes first, NaN is above all numbers. One column an invocation.
// @variant E = f16
// @variant E = i32
// @variant E = u32
alias E = f32;
override WORKGROUP: u32 = 64u;
override LEAST: bool = false;
// 0 floats, 1 i32, 2 u32
override KIND: u32 = 0u;

struct Params {
  // outer · inner
  columns: u32,
  size: u32,
  inner: u32,
  k: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<E>;
@group(0) @binding(2) var<storage, read_write> values: array<E>;
@group(0) @binding(3) var<storage, read_write> places: array<i32>;

// @include linear

// A number whose order is that of the elements, turned around for the smallest.
fn keyOf(value: E) -> u32 {
  var key = 0u;
  switch KIND {
    case 0u: {
      let bits = bitcast<u32>(f32(value));
      let magnitude = bits & 0x7fffffffu;
      key = select(0x80000000u + magnitude, 0x80000000u - magnitude, bits > magnitude);
      key = select(key, 0xffffffffu, magnitude > 0x7f800000u);
    }
    case 1u: { key = u32(value) ^ 0x80000000u; }
    default: { key = u32(value); }
  }
  return select(key, ~key, LEAST);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = index(id);
  if (column >= params.columns) { return; }
  let outer = column / params.inner;
  let start = outer * params.size * params.inner + column % params.inner;
  var to = outer * params.k * params.inner + column % params.inner;
  var lastKey = 0xffffffffu;
  // The first place that may come next where its key is the last one's.
  var after = 0u;
  for (var n = 0u; n < params.k; n++) {
    var best = 0u;
    var found = params.size;
    for (var place = 0u; place < params.size; place++) {
      let key = keyOf(x[start + place * params.inner]);
      let left = (key < lastKey) | ((key == lastKey) & (place >= after));
      // Conditions join by & and | on purpose: each && is a branch, dear on SwiftShader.
      let better = left & ((key > best) | (found == params.size));
      best = select(best, key, better);
      found = select(found, place, better);
    }
    values[to] = x[start + found * params.inner];
    places[to] = i32(found);
    to += params.inner;
    lastKey = best;
    after = found + 1u;
  }
}
