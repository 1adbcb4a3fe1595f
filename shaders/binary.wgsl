// Element-wise functions of two tensors, broadcast to one shape, four elements an invocation.
// @variant E = f16, E4 = vec4<f16>
alias E = f32;
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;
override FUNCTION: u32 = 0u;

struct Params {
  quads: u32,
  // After how many quads an operand repeats; 0 for a single element.
  aPeriod: u32,
  bPeriod: u32,
  // Elements, or quads where whole quads are walked.
  size: u32,
  // Whether the innermost axis repeats one element of the operand (quads only).
  aSingle: u32,
  bSingle: u32,
  sizes0: vec4<u32>,
  sizes1: vec4<u32>,
  a0: vec4<u32>,
  a1: vec4<u32>,
  b0: vec4<u32>,
  b1: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<E4>;
@group(0) @binding(2) var<storage, read> b: array<E4>;
@group(0) @binding(3) var<storage, read_write> y: array<E4>;

// @include strided

fn index(id: vec3<u32>) -> u32 {
  return id.x + id.y * 65535u * WORKGROUP;
}

fn evaluate(p: E4, q: E4) -> E4 {
  switch FUNCTION {
    case 0u: { return p + q; }
    case 1u: { return p - q; }
    case 2u: { return p * q; }
    default: { return p / q; }
  }
}

@compute @workgroup_size(WORKGROUP)
fn same(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i < params.quads) { y[i] = evaluate(a[i], b[i]); }
}

fn repeated(i: u32, period: u32) -> u32 {
  if (period == 0u) { return 0u; }
  return i % period;
}

// Operands that repeat along leading axes: [.., C] with [C], or with a single element.
@compute @workgroup_size(WORKGROUP)
fn periodic(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.quads) { return; }
  let p = a[repeated(i, params.aPeriod)];
  let q = b[repeated(i, params.bPeriod)];
  y[i] = evaluate(select(p, p.xxxx, params.aPeriod == 0u), select(q, q.xxxx, params.bPeriod == 0u));
}

fn left(i: u32) -> u32 {
  return strided(min(i, params.size - 1u), params.sizes0, params.sizes1, params.a0, params.a1);
}

fn right(i: u32) -> u32 {
  return strided(min(i, params.size - 1u), params.sizes0, params.sizes1, params.b0, params.b1);
}

// Any broadcast whose rows are whole quads: an operand gives a quad of the row, or one element for all of it.
@compute @workgroup_size(WORKGROUP)
fn wide(@builtin(global_invocation_id) id: vec3<u32>) {
  let quad = index(id);
  if (quad >= params.quads) { return; }
  let i = left(quad);
  let j = right(quad);
  var p: E4;
  var q: E4;
  if (params.aSingle == 1u) { p = E4(a[i / 4u][i % 4u]); } else { p = a[i]; }
  if (params.bSingle == 1u) { q = E4(b[j / 4u][j % 4u]); } else { q = b[j]; }
  y[quad] = evaluate(p, q);
}

fn leftElement(i: u32) -> E {
  let at = left(i);
  return a[at / 4u][at % 4u];
}

fn rightElement(i: u32) -> E {
  let at = right(i);
  return b[at / 4u][at % 4u];
}

// Any broadcast.
@compute @workgroup_size(WORKGROUP)
fn general(@builtin(global_invocation_id) id: vec3<u32>) {
  let quad = index(id);
  if (quad >= params.quads) { return; }
  let i = 4u * quad;
  let p = E4(leftElement(i), leftElement(i + 1u), leftElement(i + 2u), leftElement(i + 3u));
  let q = E4(rightElement(i), rightElement(i + 1u), rightElement(i + 2u), rightElement(i + 3u));
  y[quad] = evaluate(p, q);
}
