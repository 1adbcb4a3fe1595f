// Cross entropy of rows of logits with class numbers: forward in strips of (Σ weight·loss, Σ weight) or row by row, and
// the gradient.
// @variant E = f16
alias E = f32;
override WORKGROUP: u32 = 64u;
override WEIGHTED: bool = false;
// Whether a share of each row's target, params.smoothing, is spread over all classes.
override SMOOTHED: bool = false;
// Whether each row has a gradient of its own coming in.
override EACH: bool = false;

struct Params {
  rows: u32,
  channels: u32,
  strips: u32,
  ignored: u32,
  fault: u32,
  smoothing: f32,
}

// @include classLoss
@group(0) @binding(3) var<storage, read> classWeights: array<f32>;
@group(0) @binding(8) var<storage, read_write> y: array<f32>;

// @include nan
// @include faults
// @include labels
// @include normalizer

// @include linear

fn weightOf(channel: u32) -> f32 {
  if (WEIGHTED) { return classWeights[channel]; }
  return 1.0;
}

// A row's weighted loss, and its weight.
fn lossOf(row: u32) -> vec2<f32> {
  let label = labels[row];
  if (isIgnored(label)) { return vec2<f32>(); }
  if (isFault(label)) { return vec2(notANumber()); }
  let start = row * params.channels;
  let n = normalizer(start);
  let w = weightOf(label);
  let loss = w * (n.y - (f32(logits[start + label]) - n.x));
  if (!SMOOTHED) { return vec2(loss, w); }
  var all = 0.0;
  for (var c = 0u; c < params.channels; c++) { all -= weightOf(c) * logProbability(start + c, n); }
  return vec2((1.0 - params.smoothing) * loss + params.smoothing / f32(params.channels) * all, w);
}

@compute @workgroup_size(WORKGROUP)
fn forwardEach(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = index(id);
  if (row < params.rows) { y[row] = lossOf(row).x; }
}

// Times what comes in for a row.
fn incoming(row: u32, factor: f32) -> f32 {
  if (EACH) { return factor * dy[row]; }
  return select(factor * dy[0] / weight[0], 0.0, weight[0] <= 0.0);
}

// Of row and channel, but for what comes in; `all` is the sum of the class weights.
fn smoothedSlope(w: f32, all: f32, channel: u32, label: u32, probability: f32) -> f32 {
  let hit = select(0.0, 1.0, channel == label);
  let spread = params.smoothing / f32(params.channels);
  return (1.0 - params.smoothing) * w * (probability - hit) + spread * (all * probability - weightOf(channel));
}

fn totalWeight() -> f32 {
  var all = 0.0;
  for (var c = 0u; c < params.channels; c++) { all += weightOf(c); }
  return all;
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
  let w = weightOf(label);
  let n = normalizer(start);
  let scale = incoming(row, select(w, 1.0, SMOOTHED));
  var all = 0.0;
  if (SMOOTHED) { all = totalWeight(); }
  for (var c = 0u; c < params.channels; c++) {
    let probability = exponential(logProbability(start + c, n));
    var slope = probability - select(0.0, 1.0, c == label);
    if (SMOOTHED) { slope = smoothedSlope(w, all, c, label, probability); }
    dx[start + c] = E(scale * slope);
  }
}
