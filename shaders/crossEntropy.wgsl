// Cross entropy of rows of logits with class numbers: forward in strips of (Σ weight·loss, Σ weight), and the gradient.
override WORKGROUP: u32 = 64u;
override WEIGHTED: bool = false;

struct Params {
  rows: u32,
  channels: u32,
  strips: u32,
  ignoreIndex: i32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read> classWeights: array<f32>;
@group(0) @binding(4) var<storage, read_write> partials: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read> dy: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<f32>;

fn index(id: vec3<u32>) -> u32 {
  return id.x + id.y * 65535u * WORKGROUP;
}

// 0 for a label that is ignored or is no class.
fn weightOf(label: i32) -> f32 {
  if (label == params.ignoreIndex || label < 0 || label >= i32(params.channels)) { return 0.0; }
  if (WEIGHTED) { return classWeights[label]; }
  return 1.0;
}

// The largest logit of a row, and the logarithm of Σ exp(logit − largest).
fn normalizer(start: u32) -> vec2<f32> {
  let end = start + params.channels;
  var largest = logits[start];
  for (var i = start + 1u; i < end; i++) { largest = max(largest, logits[i]); }
  var total = 0.0;
  for (var i = start; i < end; i++) { total += exp(logits[i] - largest); }
  return vec2(largest, log(total));
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let strip = index(id);
  if (strip >= params.strips) { return; }
  var total = vec2<f32>();
  for (var row = strip; row < params.rows; row += params.strips) {
    let label = labels[row];
    let w = weightOf(label);
    if (w == 0.0) { continue; }
    let start = row * params.channels;
    let n = normalizer(start);
    total += vec2(w * (n.y - (logits[start + u32(label)] - n.x)), w);
  }
  partials[strip] = total;
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = index(id);
  if (row >= params.rows) { return; }
  let start = row * params.channels;
  let label = labels[row];
  let w = weightOf(label);
  let n = normalizer(start);
  let scale = w * dy[0] / weight[0];
  for (var channel = 0u; channel < params.channels; channel++) {
    let probability = exp(logits[start + channel] - n.x - n.y);
    let gradient = scale * (probability - select(0.0, 1.0, i32(channel) == label));
    dx[start + channel] = select(0.0, gradient, w != 0.0);
  }
}
