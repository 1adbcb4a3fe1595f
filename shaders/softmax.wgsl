// Softmax and its logarithm over the middle of [outer, channels, inner], an invocation a row, and their gradients from
// (y, dy). Computes in f32; E is what is stored.
// @variant E = f16
alias E = f32;
override WORKGROUP: u32 = 64u;
override LOG: bool = false;

struct Params {
  // outer · inner
  rows: u32,
  channels: u32,
  inner: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<E>;
@group(0) @binding(2) var<storage, read_write> y: array<E>;
@group(0) @binding(3) var<storage, read> saved: array<E>;
@group(0) @binding(4) var<storage, read> dy: array<E>;
@group(0) @binding(5) var<storage, read_write> dx: array<E>;

// @include nan

// Where a row begins, and where it ends; its elements are `inner` apart.
fn rowOf(row: u32) -> vec2<u32> {
  let outer = row / params.inner;
  let start = outer * params.channels * params.inner + row - outer * params.inner;
  return vec2<u32>(start, start + params.channels * params.inner);
}

// The largest of a row; NaN where it holds one, or where it is infinite, for then softmax is NaN.
fn largestOf(row: vec2<u32>) -> f32 {
  var largest = f32(x[row.x]);
  var without = isNaN(largest);
  for (var i = row.x + params.inner; i < row.y; i += params.inner) {
    let v = f32(x[i]);
    largest = max(largest, v);
    without = without | isNaN(v);
  }
  without = without | ((bitcast<u32>(largest) & 0x7fffffffu) == 0x7f800000u);
  return select(largest, notANumber(), without);
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let number = id.x + id.y * 65535u * WORKGROUP;
  if (number >= params.rows) { return; }
  let row = rowOf(number);
  let largest = largestOf(row);
  var total = 0.0;
  for (var i = row.x; i < row.y; i += params.inner) { total += exp(f32(x[i]) - largest); }
  // Some drivers' exp and log make numbers of NaN.
  total = select(total, largest, isNaN(largest));
  let logTotal = select(log(total), largest, isNaN(largest));
  for (var i = row.x; i < row.y; i += params.inner) {
    let v = f32(x[i]) - largest;
    if (LOG) { y[i] = E(v - logTotal); } else { y[i] = E(exp(v) / total); }
  }
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let number = id.x + id.y * 65535u * WORKGROUP;
  if (number >= params.rows) { return; }
  let row = rowOf(number);
  var total = 0.0;
  for (var i = row.x; i < row.y; i += params.inner) {
    let g = f32(dy[i]);
    total += select(g * f32(saved[i]), g, LOG);
  }
  // A row of results is NaN wholly or not at all.
  let first = f32(saved[row.x]);
  total = select(total, first, isNaN(first));
  for (var i = row.x; i < row.y; i += params.inner) {
    let g = f32(dy[i]);
    let s = f32(saved[i]);
    if (LOG) { dx[i] = E(g - exp(s) * total); } else { dx[i] = E(s * (g - total)); }
  }
}
