// Losses of logits with probabilities, element by element: forward in strips of (Σ weight·term, Σ weight), and the
// gradients by logit and by target.
// @variant E4 = vec4<f16>
// @variant E4 = vec4<f16>, D4 = vec4<f16>
// Of the logits, and of the gradient: the target's is f32.
alias E4 = vec4<f32>;
alias D4 = vec4<f32>;
override WORKGROUP: u32 = 64u;
override MASKED: bool = false;
// Binary cross entropy, or the focal loss.
override FOCAL: bool = false;
// Whether the classes of the last axis have weights for what is positive, or one weight holds for all.
override BY_CLASS: bool = false;
// Whether the gradient is that of the target.
override OF_TARGET: bool = false;

struct Params {
  size: u32,
  quads: u32,
  strips: u32,
  channels: u32,
  // Of what is positive, in binary cross entropy.
  positive: f32,
  // Of the focal loss: the weight of what is positive is alpha + beta, of what is not alpha − beta.
  alpha: f32,
  beta: f32,
  gamma: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<E4>;
@group(0) @binding(2) var<storage, read> goal: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> mask: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> positives: array<f32>;
@group(0) @binding(5) var<storage, read_write> partials: array<vec2<f32>>;
@group(0) @binding(6) var<storage, read> weight: array<f32>;
@group(0) @binding(7) var<storage, read> dy: array<f32>;
@group(0) @binding(8) var<storage, read_write> dx: array<D4>;

// @include linear
// @include elementLoss
// @include special
// @include power

// The weight of what is positive.
fn positiveWeight(quad: u32) -> vec4<f32> {
  if (!BY_CLASS) { return vec4(params.positive); }
  let channel = (vec4(4u * quad) + vec4(0u, 1u, 2u, 3u)) % vec4(params.channels);
  return vec4(positives[channel.x], positives[channel.y], positives[channel.z], positives[channel.w]);
}

// log(1 + exp(v)), with log(1 + e) = 2·artanh(e/(2 + e)).
fn softplus(v: vec4<f32>) -> vec4<f32> {
  let e = exp4(-abs(v));
  let s = e / (2.0 + e);
  let q = s * s;
  let series = 1.0 + q * (1.0 / 3.0 + q * (0.2 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q / 15.0))))));
  return select(v, vec4<f32>(), v <= vec4<f32>()) + 2.0 * s * series;
}

fn entropy(x: vec4<f32>, t: vec4<f32>, factor: vec4<f32>) -> vec4<f32> {
  return (1.0 - t) * softplus(x) + factor * t * softplus(-x);
}

fn entropySlope(x: vec4<f32>, t: vec4<f32>, factor: vec4<f32>) -> vec4<f32> {
  if (OF_TARGET) { return factor * softplus(-x) - softplus(x); }
  return (1.0 - t) * sigmoid4(x) - factor * t * sigmoid4(-x);
}

// The probability that is missing to the target.
fn missing(x: vec4<f32>, t: vec4<f32>) -> vec4<f32> {
  return sigmoid4(x) * (1.0 - t) + sigmoid4(-x) * t;
}

fn balance(t: vec4<f32>) -> vec4<f32> {
  return params.alpha + params.beta * (2.0 * t - 1.0);
}

fn term(x: vec4<f32>, t: vec4<f32>, quad: u32) -> vec4<f32> {
  if (!FOCAL) { return entropy(x, t, positiveWeight(quad)); }
  return balance(t) * raised4(missing(x, t), params.gamma) * entropy(x, t, vec4(1.0));
}

fn slope(x: vec4<f32>, t: vec4<f32>, quad: u32) -> vec4<f32> {
  if (!FOCAL) { return entropySlope(x, t, positiveWeight(quad)); }
  let m = missing(x, t);
  let factor = raised4(m, params.gamma);
  let e = entropy(x, t, vec4(1.0));
  let by = sigmoid4(-x) - sigmoid4(x);
  let missingSlope = select(sigmoid4(x) * sigmoid4(-x) * (1.0 - 2.0 * t), by, OF_TARGET);
  let rest = raisedSlope4(m, params.gamma) * missingSlope * e + factor * entropySlope(x, t, vec4(1.0));
  return balance(t) * rest + select(0.0, 2.0 * params.beta, OF_TARGET) * factor * e;
}

// What does not count may hold anything, NaN included.
fn counted(v: vec4<f32>, w: vec4<f32>) -> vec4<f32> {
  return select(vec4<f32>(), v, w != vec4<f32>());
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let strip = index(id);
  if (strip >= params.strips) { return; }
  var total = vec2<f32>();
  for (var quad = strip; quad < params.quads; quad += params.strips) {
    let w = weights(quad);
    let terms = counted(term(vec4<f32>(logits[quad]), goal[quad], quad), w);
    total += vec2(dot(w, terms), dot(w, vec4(1.0)));
  }
  partials[strip] = total;
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let quad = index(id);
  if (quad >= params.quads) { return; }
  let w = weights(quad);
  let slopes = counted(slope(vec4<f32>(logits[quad]), goal[quad], quad), w);
  dx[quad] = D4(share(dy[0], weight[0]) * w * slopes);
}
