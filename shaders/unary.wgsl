// Element-wise functions of one tensor, and their gradients from (saved, dy). An invocation takes every
// `invocations`-th run of four elements: starting a workgroup costs a software adapter as much as many of them.
// @variant E = f16, E4 = vec4<f16>
alias E = f32;
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;
override FUNCTION: u32 = 0u;

struct Params {
  quads: u32,
  invocations: u32,
  // scale and shift of the affine function
  alpha: f32,
  beta: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<E4>;
@group(0) @binding(2) var<storage, read_write> y: array<E4>;
// What the gradient is computed from: the input or the output, whichever the function names.
@group(0) @binding(3) var<storage, read> saved: array<E4>;
@group(0) @binding(4) var<storage, read> dy: array<E4>;
@group(0) @binding(5) var<storage, read_write> dx: array<E4>;

// Of the invocation's; past the end for invocations there are too many of.
fn first(id: vec3<u32>) -> u32 {
  let i = id.x + id.y * 65535u * WORKGROUP;
  return select(params.quads, i, i < params.invocations);
}

fn evaluate(v: E4) -> E4 {
  switch FUNCTION {
    case 0u: { return max(v, E4()); }
    case 1u: { return E4(1) / (E4(1) + exp(-v)); }
    case 2u: { return exp(v); }
    case 3u: { return log(v); }
    case 4u: { return sqrt(v); }
    case 5u: { return abs(v); }
    case 6u: { return v * v; }
    // tanh overflows to NaN in some drivers for large arguments
    case 7u: { return tanh(clamp(v, E4(-15), E4(15))); }
    default: { return v * E(params.alpha) + E(params.beta); }
  }
}

// Derivative times dy; s is the output for ReLU, sigmoid, exp, sqrt and tanh, the input for log, abs and square.
fn derivative(s: E4, g: E4) -> E4 {
  switch FUNCTION {
    case 0u: { return select(E4(), g, s > E4()); }
    case 1u: { return g * s * (E4(1) - s); }
    case 2u: { return g * s; }
    case 3u: { return g / s; }
    case 4u: { return g * 0.5 / s; }
    case 5u: { return g * sign(s); }
    case 6u: { return g * 2 * s; }
    case 7u: { return g * (E4(1) - s * s); }
    default: { return g * E(params.alpha); }
  }
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = first(id); i < params.quads; i += params.invocations) { y[i] = evaluate(x[i]); }
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  for (var i = first(id); i < params.quads; i += params.invocations) { dx[i] = derivative(saved[i], dy[i]); }
}
