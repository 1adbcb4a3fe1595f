// Soft Dice of probabilities with class numbers: Σ p·t, Σ p and Σ t by class in strips, the loss, and its gradient.
override WORKGROUP: u32 = 64u;

struct Params {
  rows: u32,
  channels: u32,
  strips: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> probabilities: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read_write> partials: array<f32>;
@group(0) @binding(4) var<storage, read> sums: array<f32>;
@group(0) @binding(5) var<storage, read_write> loss: array<f32>;
@group(0) @binding(6) var<storage, read_write> slopes: array<f32>;
@group(0) @binding(7) var<storage, read> saved: array<f32>;
@group(0) @binding(8) var<storage, read> dy: array<f32>;
@group(0) @binding(9) var<storage, read_write> dx: array<f32>;

fn index(id: vec3<u32>) -> u32 {
  return id.x + id.y * 65535u * WORKGROUP;
}

@compute @workgroup_size(WORKGROUP)
fn overlap(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i >= params.strips * params.channels) { return; }
  let channel = i % params.channels;
  var total = vec3<f32>();
  for (var row = i / params.channels; row < params.rows; row += params.strips) {
    let p = probabilities[row * params.channels + channel];
    let t = select(0.0, 1.0, labels[row] == i32(channel));
    total += vec3(p * t, p, t);
  }
  partials[3u * i] = total.x;
  partials[3u * i + 1u] = total.y;
  partials[3u * i + 2u] = total.z;
}

// The loss, and by class its derivatives by Σ p and, negated, by Σ p·t.
@compute @workgroup_size(1)
fn finish() {
  let share = 1.0 / f32(params.channels);
  var total = 0.0;
  for (var c = 0u; c < params.channels; c++) {
    let scale = 1.0 / (sums[3u * c + 1u] + sums[3u * c + 2u] + params.epsilon);
    let score = (2.0 * sums[3u * c] + params.epsilon) * scale;
    total += score;
    slopes[2u * c] = score * scale * share;
    slopes[2u * c + 1u] = 2.0 * scale * share;
  }
  loss[0] = 1.0 - total * share;
}

// d loss / d probability, but for the incoming gradient.
fn slope(label: i32, c: u32) -> f32 {
  return saved[2u * c] - select(0.0, saved[2u * c + 1u], label == i32(c));
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = index(id);
  if (row >= params.rows) { return; }
  let start = row * params.channels;
  let label = labels[row];
  var total = 0.0;
  for (var c = 0u; c < params.channels; c++) { total += probabilities[start + c] * slope(label, c); }
  for (var c = 0u; c < params.channels; c++) {
    dx[start + c] = dy[0] * probabilities[start + c] * (slope(label, c) - total);
  }
}
