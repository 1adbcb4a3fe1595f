// Element-wise functions and comparisons of two tensors, or of a tensor and a number, broadcast to one shape, four
// elements an invocation. Computed in f32 or whole numbers.
// @variant E = f16, E4 = vec4<f16>, R4 = vec4<f16>
// @variant R4 = vec4<u32>
// @variant E = i32, E4 = vec4<i32>, C4 = vec4<i32>, R4 = vec4<i32>
// @variant E = u32, E4 = vec4<u32>, C4 = vec4<u32>, R4 = vec4<u32>
// Of the operands, of what is computed with, and of the result.
alias E = f32;
alias E4 = vec4<f32>;
alias C4 = vec4<f32>;
alias R4 = vec4<f32>;
alias F4 = vec4<f32>;
override WORKGROUP: u32 = 64u;
// The place of the function's name in src/kernels/pointwise.ts.
override FUNCTION: u32 = 0u;
// Whether the number is the left operand.
override SWAPPED: bool = false;

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

// Of a tensor and a number, which is given as its bits.
struct ScalarParams {
  quads: u32,
  number: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<E4>;
@group(0) @binding(2) var<storage, read> b: array<E4>;
@group(0) @binding(3) var<storage, read_write> y: array<R4>;
@group(0) @binding(4) var<uniform> scalar: ScalarParams;

// @include special

// @include strided

// @include linear

fn evaluate(p: C4, q: C4) -> R4 {
  switch FUNCTION {
    case 0u: { return R4(p + q); }
    case 1u: { return R4(p - q); }
    case 2u: { return R4(p * q); }
    case 3u: { return R4(p / q); }
    // no comparison with NaN holds: where q is NaN it is taken
    case 4u: { return R4(select(q, p, (p < q) | isNaN4(F4(p)))); }
    case 5u: { return R4(select(q, p, (p > q) | isNaN4(F4(p)))); }
    case 6u: { return R4(power4(F4(p), F4(q))); }
    // with the sign of the divisor
    case 7u: {
      let rest = p % q;
      return R4(select(rest, rest + q, (rest != C4()) & ((rest < C4()) != (q < C4()))));
    }
    case 8u: { return R4(p > q); }
    case 9u: { return R4(p >= q); }
    case 10u: { return R4(p < q); }
    case 11u: { return R4(p <= q); }
    case 12u: { return R4(p == q); }
    case 13u: { return R4(!(p == q)); }
    case 14u: { return R4((p != C4()) & (q != C4())); }
    case 15u: { return R4((p != C4()) | (q != C4())); }
    case 16u: { return R4((p != C4()) != (q != C4())); }
    default: { return R4(select(p * q, p, p > C4())); }
  }
}

@compute @workgroup_size(WORKGROUP)
fn same(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i < params.quads) { y[i] = evaluate(C4(a[i]), C4(b[i])); }
}

// A tensor and a number.
@compute @workgroup_size(WORKGROUP)
fn withNumber(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= scalar.quads) { return; }
  let number = bitcast<C4>(vec4(scalar.number));
  let v = C4(a[i]);
  if (SWAPPED) { y[i] = evaluate(number, v); } else { y[i] = evaluate(v, number); }
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
  let left = select(p, p.xxxx, params.aPeriod == 0u);
  let right = select(q, q.xxxx, params.bPeriod == 0u);
  y[i] = evaluate(C4(left), C4(right));
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
  y[quad] = evaluate(C4(p), C4(q));
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
  y[quad] = evaluate(C4(p), C4(q));
}
