// Maxima (or minima) over the middle of [outer, reduced, inner] in strips (as in reduce.wgsl), with the place of the
// first one. A NaN is beyond every number, and the first of several is the one.
// @variant E = f16
// @variant E = i32
// @variant E = u32
alias E = f32;
override WORKGROUP: u32 = 64u;
// Minima.
override LEAST: bool = false;

struct Params {
  // outer · parts · inner
  count: u32,
  parts: u32,
  reduced: u32,
  inner: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<E>;
// Offsets into the whole input that the values of x come from; on the first pass they are their own.
@group(0) @binding(2) var<storage, read> origins: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<E>;
@group(0) @binding(4) var<storage, read_write> origin: array<u32>;
@group(0) @binding(5) var<storage, read_write> indices: array<i32>;

// @include nan

// @include linear

// @include column

fn beyond(value: E, best: E) -> bool {
  return select(value > best, value < best, LEAST);
}

@compute @workgroup_size(WORKGROUP)
fn first(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.count) { return; }
  let at = place(i);
  var found = at.x + at.y * params.inner;
  var best = x[found];
  var bestNaN = isNaN(f32(best));
  for (var r = at.y + params.parts; r < params.reduced; r += params.parts) {
    let next = at.x + r * params.inner;
    let value = x[next];
    let nan = isNaN(f32(value));
    // Conditions join by & and | on purpose: each && is a branch, dear on SwiftShader.
    let better = (beyond(value, best) | nan) & !bestNaN;
    best = select(best, value, better);
    found = select(found, next, better);
    bestNaN = bestNaN | nan;
  }
  y[i] = best;
  origin[i] = found;
}

@compute @workgroup_size(WORKGROUP)
fn later(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.count) { return; }
  let at = place(i);
  var best = x[at.x + at.y * params.inner];
  var found = origins[at.x + at.y * params.inner];
  var bestNaN = isNaN(f32(best));
  for (var r = at.y + params.parts; r < params.reduced; r += params.parts) {
    let value = x[at.x + r * params.inner];
    let candidate = origins[at.x + r * params.inner];
    let nan = isNaN(f32(value));
    let earlier = ((value == best) | (nan & bestNaN)) & (candidate < found);
    let better = ((beyond(value, best) | nan) & !bestNaN) | earlier;
    best = select(best, value, better);
    found = select(found, candidate, better);
    bestNaN = bestNaN | nan;
  }
  y[i] = best;
  origin[i] = found;
}

// The place along the axis `reduced` that each origin lies at.
@compute @workgroup_size(WORKGROUP)
fn along(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.count) { return; }
  indices[i] = i32(origins[i] / params.inner % params.reduced);
}
