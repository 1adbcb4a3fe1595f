// Element-wise functions of one tensor, and their gradients from (saved, dy), computed in f32 or whole numbers. An
// invocation takes every `invocations`-th run of four elements: starting a workgroup costs a software adapter as much
// as many of them.
// @variant E4 = vec4<f16>, R4 = vec4<f16>
// @variant E4 = vec4<f16>, R4 = vec4<u32>
// @variant E4 = vec4<i32>, C4 = vec4<i32>, R4 = vec4<i32>
// @variant E4 = vec4<u32>, C4 = vec4<u32>, R4 = vec4<u32>
// Of x, of what is computed with, and of the result.
alias E4 = vec4<f32>;
alias C4 = vec4<f32>;
alias R4 = vec4<f32>;
alias F4 = vec4<f32>;
override WORKGROUP: u32 = 64u;
// The place of the function's name in src/kernels/unary.ts.
override FUNCTION: u32 = 0u;

struct Params {
  quads: u32,
  invocations: u32,
  // The function's constants, as bits: see src/kernels/unary.ts.
  alpha: u32,
  beta: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<E4>;
@group(0) @binding(2) var<storage, read_write> y: array<R4>;
// What the gradient is computed from: the input or the output, whichever the function names.
@group(0) @binding(3) var<storage, read> saved: array<E4>;
@group(0) @binding(4) var<storage, read> dy: array<E4>;
@group(0) @binding(5) var<storage, read_write> dx: array<R4>;

// @include special

// @include share

fn alpha() -> C4 { return bitcast<C4>(vec4(params.alpha)); }
fn beta() -> C4 { return bitcast<C4>(vec4(params.beta)); }

// √(2/π)·(v + 0.044715·v³), whose hyperbolic tangent is near gelu's error function.
fn geluInner(v: F4) -> F4 {
  return 0.79788456 * (v + 0.044715 * v * v * v);
}

// Of whole numbers and floats.
fn evaluate(v: C4) -> R4 {
  switch FUNCTION {
    case 0u: { return R4(select(v, C4(), v <= C4())); }
    case 5u: { return R4(abs(v)); }
    case 6u: { return R4(v * v); }
    case 9u: { return R4(C4() - v); }
    case 10u: { return R4(C4(v > C4()) - C4(v < C4())); }
    case 11u: {
      let raised = select(v, alpha(), v < alpha());
      return R4(select(raised, beta(), raised > beta()));
    }
    default: { return R4(evaluateFloat(F4(v))); }
  }
}

fn evaluateFloat(v: F4) -> F4 {
  let alpha = bitcast<f32>(params.alpha);
  switch FUNCTION {
    case 1u: { return sigmoid4(v); }
    case 2u: { return exp4(v); }
    case 3u: { return log4(v); }
    case 4u: { return sqrt(v); }
    case 7u: { return tanh4(v); }
    case 8u: { return v * alpha + bitcast<f32>(params.beta); }
    case 12u: { return select(v * alpha, v, v > F4()); }
    case 13u: { return select(alpha * expLessOne4(v), v, v > F4()); }
    case 14u: { return v / (1.0 + exp4(-v)); }
    case 15u: { return v * normalCdf4(v); }
    case 16u: { return 0.5 * v * (1.0 + tanh4(geluInner(v))); }
    case 17u: { return softplus4(v); }
    case 18u: { return 1.0 / v; }
    case 19u: { return 1.0 / sqrt(v); }
    case 20u: { return floor(v); }
    case 21u: { return ceil(v); }
    case 22u: { return round(v); }
    case 23u: { return sine4(v, 0u); }
    case 24u: { return sine4(v, 1u); }
    case 25u: { return raised(v, alpha); }
    case 26u: { return F4(isNaN4(v)); }
    case 27u: { return F4(isFinite4(v)); }
    default: { return F4(); }
  }
}

fn raised(v: F4, exponent: f32) -> F4 {
  if (floor(exponent) == exponent && abs(exponent) <= 32.0) { return wholePower4(v, exponent); }
  return power4(v, F4(exponent));
}

// Derivative times dy; s is the output for relu, sigmoid, exp, sqrt, tanh, reciprocal and rsqrt, else the input.
fn derivative(s: F4, g: F4) -> F4 {
  let alpha = bitcast<f32>(params.alpha);
  switch FUNCTION {
    case 0u: { return select(g, F4(), s <= F4()); }
    case 1u: { return g * s * (1.0 - s); }
    case 2u: { return g * s; }
    case 3u: { return g / s; }
    case 4u: { return g * 0.5 / s; }
    case 5u: { return g * (F4(s > F4()) - F4(s < F4())); }
    case 6u: { return g * 2.0 * s; }
    case 7u: { return g * (1.0 - s * s); }
    case 11u: { return select(F4(), g, (s >= F4(alpha)) & (s <= F4(bitcast<f32>(params.beta)))); }
    case 12u: { return select(g * alpha, g, s > F4()); }
    case 13u: { return select(g * alpha * exp4(s), g, s > F4()); }
    case 14u: {
      let p = sigmoid4(s);
      return g * (p * (1.0 + s * (1.0 - p)));
    }
    case 15u: { return g * (normalCdf4(s) + s * normalDensity4(s)); }
    case 16u: {
      let t = tanh4(geluInner(s));
      let slope = 0.79788456 * (1.0 + 0.134145 * s * s);
      return g * (0.5 * (1.0 + t) + 0.5 * s * (1.0 - t * t) * slope);
    }
    case 17u: { return g * sigmoid4(s); }
    case 18u: { return -g * s * s; }
    case 19u: { return -0.5 * g * s * s * s; }
    case 23u: { return g * sine4(s, 1u); }
    case 24u: { return -g * sine4(s, 0u); }
    default: {
      if (alpha == 0.0) { return F4(); }
      return g * (alpha * raised(s, alpha - 1.0));
    }
  }
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = first(id); i < params.quads; i += params.invocations) { y[i] = evaluate(C4(x[i])); }
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = first(id); i < params.quads; i += params.invocations) {
    dx[i] = R4(derivative(F4(saved[i]), F4(dy[i])));
  }
}
