// Choices between two operands, and gradients of choices and powers, of three operands that broadcast to one shape; four
// elements an invocation. An operand may be a number.
// @variant E = f16, E4 = vec4<f16>
// @variant P = f32, P4 = vec4<f32>, Q4 = vec4<f32>
// @variant E = i32, E4 = vec4<i32>, C4 = vec4<i32>
// Of p, and of q, r and the result; C4 is what is computed with, Q4 what p is compared as.
alias P = u32;
alias P4 = vec4<u32>;
alias Q4 = vec4<u32>;
alias E = f32;
alias E4 = vec4<f32>;
alias C4 = vec4<f32>;
alias F4 = vec4<f32>;
override WORKGROUP: u32 = 64u;
// The place of the function's name in src/kernels/choose.ts.
override FUNCTION: u32 = 0u;
// Operands that are numbers.
override P_NUMBER: bool = false;
override Q_NUMBER: bool = false;
override R_NUMBER: bool = false;

struct Params {
  quads: u32,
  size: u32,
  // Numbers as bits.
  pNumber: u32,
  qNumber: u32,
  rNumber: u32,
  sizes0: vec4<u32>,
  sizes1: vec4<u32>,
  p0: vec4<u32>,
  p1: vec4<u32>,
  q0: vec4<u32>,
  q1: vec4<u32>,
  r0: vec4<u32>,
  r1: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<P4>;
@group(0) @binding(2) var<storage, read> q: array<E4>;
@group(0) @binding(3) var<storage, read> r: array<E4>;
@group(0) @binding(4) var<storage, read_write> y: array<E4>;

// @include strided
// @include special

fn evaluate(a: Q4, b: C4, c: C4) -> E4 {
  let p = F4(a);
  let q = F4(b);
  let g = F4(c);
  switch FUNCTION {
    // q where p holds, else r
    case 0u: { return E4(select(c, b, a != Q4())); }
    // Gradients r of the smaller and of the larger of p and q, for p: a half where they are equal
    case 1u: { return E4(select(select(g, 0.5 * g, p == q), F4(), p > q)); }
    case 2u: { return E4(select(select(g, 0.5 * g, p == q), F4(), p < q)); }
    // Gradients r of p to the power q, for p and for q
    case 3u: { return E4(select(g * (q * power4(p, q - 1.0)), F4(), q == F4())); }
    case 4u: { return E4(select(g * (power4(p, q) * log4(p)), F4(), (p == F4()) & (q >= F4()))); }
    // Gradients r of a PReLU of p with slope q, for p and for q
    case 5u: { return E4(select(q * g, g, p > F4())); }
    default: { return E4(select(p * g, F4(), p > F4())); }
  }
}

// @include linear

@compute @workgroup_size(WORKGROUP)
fn same(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.quads) { return; }
  var a = bitcast<Q4>(vec4(params.pNumber));
  var b = bitcast<C4>(vec4(params.qNumber));
  var c = bitcast<C4>(vec4(params.rNumber));
  if (!P_NUMBER) { a = Q4(p[i]); }
  if (!Q_NUMBER) { b = C4(q[i]); }
  if (!R_NUMBER) { c = C4(r[i]); }
  y[i] = evaluate(a, b, c);
}

fn first(i: u32) -> P {
  let at = strided(min(i, params.size - 1u), params.sizes0, params.sizes1, params.p0, params.p1);
  return p[at / 4u][at % 4u];
}

fn second(i: u32) -> E {
  let at = strided(min(i, params.size - 1u), params.sizes0, params.sizes1, params.q0, params.q1);
  return q[at / 4u][at % 4u];
}

fn third(i: u32) -> E {
  let at = strided(min(i, params.size - 1u), params.sizes0, params.sizes1, params.r0, params.r1);
  return r[at / 4u][at % 4u];
}

// Any broadcast.
@compute @workgroup_size(WORKGROUP)
fn general(@builtin(global_invocation_id) id: vec3<u32>) {
  let quad = index(id);
  if (quad >= params.quads) { return; }
  let i = 4u * quad;
  var a = bitcast<Q4>(vec4(params.pNumber));
  var b = bitcast<C4>(vec4(params.qNumber));
  var c = bitcast<C4>(vec4(params.rNumber));
  if (!P_NUMBER) { a = Q4(P4(first(i), first(i + 1u), first(i + 2u), first(i + 3u))); }
  if (!Q_NUMBER) { b = C4(E4(second(i), second(i + 1u), second(i + 2u), second(i + 3u))); }
  if (!R_NUMBER) { c = C4(E4(third(i), third(i + 1u), third(i + 2u), third(i + 3u))); }
  y[quad] = evaluate(a, b, c);
}
