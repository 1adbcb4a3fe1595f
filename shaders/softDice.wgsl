// Soft Dice of probabilities with class numbers: Σ p·t, Σ p and Σ t by group of rows and class in strips, the loss, and
// its gradient.
// @variant E = f16
alias E = f32;
override WORKGROUP: u32 = 64u;
override LANES: u32 = 64u;

struct Params {
  // Images, where each has a loss of its own, else 1; rows and strips are those of one.
  groups: u32,
  rows: u32,
  channels: u32,
  strips: u32,
  // The first class that counts.
  first: u32,
  ignored: u32,
  fault: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> probabilities: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;
@group(0) @binding(4) var<storage, read> sums: array<f32>;
@group(0) @binding(5) var<storage, read_write> loss: array<f32>;
@group(0) @binding(6) var<storage, read_write> slopes: array<f32>;
@group(0) @binding(7) var<storage, read> saved: array<f32>;
@group(0) @binding(8) var<storage, read> dy: array<f32>;
@group(0) @binding(9) var<storage, read_write> dx: array<E>;

// @include nan
// @include faults
// @include labels

var<workgroup> lanes: array<f32, LANES>;

// @include linear

@compute @workgroup_size(WORKGROUP)
fn overlap(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.groups * params.strips * params.channels) { return; }
  let channel = i % params.channels;
  let strip = i / params.channels;
  let base = strip / params.strips * params.rows;
  var total = vec3<f32>();
  for (var row = strip % params.strips; row < params.rows; row += params.strips) {
    let label = labels[base + row];
    if (isIgnored(label)) { continue; }
    if (isFault(label)) { total = vec3(notANumber()); }
    let p = probabilities[(base + row) * params.channels + channel];
    let t = select(0.0, 1.0, label == channel);
    total += vec3(p * t, p, t);
  }
  partials[3u * i] = total.x;
  partials[3u * i + 1u] = total.y;
  partials[3u * i + 2u] = total.z;
}

// The score of a class in a group times `share`; and what its derivatives are by Σ p and, negated, by Σ p·t.
fn score(i: u32, share: f32) -> f32 {
  if (i % params.channels < params.first) {
    slopes[2u * i] = 0.0;
    slopes[2u * i + 1u] = 0.0;
    return 0.0;
  }
  let scale = 1.0 / (sums[3u * i + 1u] + sums[3u * i + 2u] + params.epsilon);
  let value = (2.0 * sums[3u * i] + params.epsilon) * scale;
  slopes[2u * i] = value * scale * share;
  slopes[2u * i + 1u] = 2.0 * scale * share;
  return value;
}

@compute @workgroup_size(LANES)
fn finish(@builtin(local_invocation_id) id: vec3<u32>) {
  let share = 1.0 / f32(params.groups * (params.channels - params.first));
  var total = 0.0;
  for (var i = id.x; i < params.groups * params.channels; i += LANES) { total += score(i, share); }
  lanes[id.x] = total;
  workgroupBarrier();
  if (id.x > 0u) { return; }
  for (var lane = 1u; lane < LANES; lane++) { total += lanes[lane]; }
  // No image is as good as can be.
  loss[0] = select(1.0 - total * share, 0.0, params.groups == 0u);
}

// d loss / d probability, but for the incoming gradient.
fn slope(label: u32, group: u32, c: u32) -> f32 {
  let i = group * params.channels + c;
  return saved[2u * i] - select(0.0, saved[2u * i + 1u], label == c);
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = index(id);
  if (row >= params.groups * params.rows) { return; }
  let start = row * params.channels;
  let group = row / params.rows;
  let label = labels[row];
  if (isIgnored(label)) {
    for (var c = 0u; c < params.channels; c++) { dx[start + c] = E(); }
    return;
  }
  var total = 0.0;
  for (var c = 0u; c < params.channels; c++) { total += probabilities[start + c] * slope(label, group, c); }
  for (var c = 0u; c < params.channels; c++) {
    dx[start + c] = E(dy[0] * probabilities[start + c] * (slope(label, group, c) - total));
  }
}
