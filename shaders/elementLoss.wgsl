// Losses of two numbers, element by element: forward in strips of (Σ weight·term, Σ weight), and the gradient.
// @variant E4 = vec4<f16>
// @variant E4 = vec4<f16>, D4 = vec4<f16>
// Of the prediction, and of the gradient: the target's is f32.
alias E4 = vec4<f32>;
alias D4 = vec4<f32>;
override WORKGROUP: u32 = 64u;
// 0 squared error, 1 smooth L1, 2 absolute error, 3 Huber's, 4 pairwise logistic; 5 Kullback–Leibler of log-probabilities
// from probabilities, 6 from log-probabilities; 7 contrastive, of distances
override FUNCTION: u32 = 0u;
override MASKED: bool = false;
// 1 for the gradient of the prediction, −1 for the target's
override SIGN: f32 = 1.0;

struct Params {
  size: u32,
  quads: u32,
  strips: u32,
  beta: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> prediction: array<E4>;
@group(0) @binding(2) var<storage, read> goal: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> mask: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> partials: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read> dy: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<D4>;

// @include linear
// @include special
// @include elementLoss

// A prediction and its target; what does not count may hold anything, NaN included.
struct Pair {
  x: vec4<f32>,
  t: vec4<f32>,
}

fn pairOf(quad: u32, w: vec4<f32>) -> Pair {
  let counts = w != vec4<f32>();
  return Pair(select(vec4<f32>(), vec4<f32>(prediction[quad]), counts), select(vec4<f32>(), goal[quad], counts));
}

fn term(x: vec4<f32>, t: vec4<f32>) -> vec4<f32> {
  let d = x - t;
  let near = abs(d) < vec4(params.beta);
  switch FUNCTION {
    case 0u: { return d * d; }
    case 1u: { return select(abs(d) - 0.5 * params.beta, 0.5 * d * d / params.beta, near); }
    case 2u: { return abs(d); }
    case 3u: { return select(params.beta * (abs(d) - 0.5 * params.beta), 0.5 * d * d, near); }
    case 4u: { return softplus4(-d); }
    // t·log t is 0 where t is
    case 5u: { return select(t * log4(t), vec4<f32>(), t == vec4<f32>()) - t * x; }
    case 6u: { return exp4(t) * -d; }
    default: {
      let short = shortfall(x);
      return 0.5 * (t * x * x + (1.0 - t) * short * short);
    }
  }
}

// What a distance lacks to the margin; max() would lose NaN.
fn shortfall(x: vec4<f32>) -> vec4<f32> {
  return select(params.beta - x, vec4<f32>(), x > vec4(params.beta));
}

// clamp() would lose NaN.
fn within(d: vec4<f32>, most: f32) -> vec4<f32> {
  let above = select(d, vec4(-most), d < vec4(-most));
  return select(above, vec4(most), d > vec4(most));
}

// Of the functions of the difference d.
fn slope(d: vec4<f32>) -> vec4<f32> {
  switch FUNCTION {
    case 0u: { return 2.0 * d; }
    case 1u: { return within(d / params.beta, 1.0); }
    // The sign, 0 and NaN being their own.
    case 2u: { return select(select(d, vec4(-1.0), d < vec4<f32>()), vec4(1.0), d > vec4<f32>()); }
    case 3u: { return within(d, params.beta); }
    default: { return -sigmoid4(-d); }
  }
}

// By the prediction, or by the target.
fn derivative(x: vec4<f32>, t: vec4<f32>) -> vec4<f32> {
  let ofTarget = SIGN < 0.0;
  switch FUNCTION {
    case 5u: {
      if (ofTarget) { return log4(t) + 1.0 - x; }
      return -t;
    }
    case 6u: {
      if (ofTarget) { return exp4(t) * (t + 1.0 - x); }
      return -exp4(t);
    }
    case 7u: {
      let short = shortfall(x);
      if (ofTarget) { return 0.5 * (x * x - short * short); }
      return t * x - (1.0 - t) * short;
    }
    default: { return SIGN * slope(x - t); }
  }
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let strip = index(id);
  if (strip >= params.strips) { return; }
  var total = vec2<f32>();
  for (var quad = strip; quad < params.quads; quad += params.strips) {
    let w = weights(quad);
    let pair = pairOf(quad, w);
    total += vec2(dot(w, term(pair.x, pair.t)), dot(w, vec4(1.0)));
  }
  partials[strip] = total;
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let quad = index(id);
  if (quad >= params.quads) { return; }
  let w = weights(quad);
  let pair = pairOf(quad, w);
  // It may be infinite for what does not count.
  let by = select(vec4<f32>(), derivative(pair.x, pair.t), w != vec4<f32>());
  dx[quad] = D4(share(dy[0], weight[0]) * w * by);
}
