// Focal loss of rows of logits with class numbers: forward in strips of (Σ loss, rows that count), and the gradient.
// @variant E = f16
alias E = f32;
override WORKGROUP: u32 = 64u;
override WEIGHTED: bool = false;

struct Params {
  rows: u32,
  channels: u32,
  strips: u32,
  ignored: u32,
  fault: u32,
  gamma: f32,
}

// @include classLoss
@group(0) @binding(3) var<storage, read> alpha: array<f32>;

// @include special
// @include power
// @include faults
// @include labels
// @include normalizer

fn isNaN(v: f32) -> bool {
  return isNaN4(vec4(v)).x;
}

// @include linear

fn weightOf(label: u32) -> f32 {
  if (WEIGHTED) { return alpha[label]; }
  return 1.0;
}

// 1 − exp(v), v ≤ 0: the probability that is missing.
fn missing(v: f32) -> vec4<f32> {
  return -expLessOne4(vec4(v));
}

fn lossOf(row: u32) -> vec2<f32> {
  let label = labels[row];
  if (isIgnored(label)) { return vec2<f32>(); }
  if (isFault(label)) { return vec2(notANumber()); }
  let start = row * params.channels;
  let v = logProbability(start + label, normalizer(start));
  return vec2(-weightOf(label) * raised4(missing(v), params.gamma).x * v, 1.0);
}

// The loss's derivative by the logarithm v of the label's probability.
fn slopeOf(v: f32) -> f32 {
  let m = missing(v);
  // exp(v)·v, 0 at −∞.
  let weighted = select(exponential(v) * v, 0.0, v < -104.0);
  return raisedSlope4(m, params.gamma).x * weighted - raised4(m, params.gamma).x;
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = index(id);
  if (row >= params.rows) { return; }
  let start = row * params.channels;
  let label = labels[row];
  if (isIgnored(label) || !isClass(label)) {
    let nothing = select(notANumber(), 0.0, isIgnored(label));
    for (var c = 0u; c < params.channels; c++) { dx[start + c] = E(nothing); }
    return;
  }
  let n = normalizer(start);
  let share = select(dy[0] / weight[0], 0.0, weight[0] <= 0.0);
  let scale = share * weightOf(label) * slopeOf(logProbability(start + label, n));
  for (var c = 0u; c < params.channels; c++) {
    let probability = exponential(logProbability(start + c, n));
    dx[start + c] = E(scale * (select(0.0, 1.0, c == label) - probability));
  }
}
