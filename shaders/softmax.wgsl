// Softmax and its logarithm over rows of `channels`, an invocation a row, and their gradients from (y, dy).
override WORKGROUP: u32 = 64u;
override LOG: bool = false;

struct Params {
  rows: u32,
  channels: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> saved: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x + id.y * 65535u * WORKGROUP;
  if (row >= params.rows) { return; }
  let start = row * params.channels;
  let end = start + params.channels;
  var largest = x[start];
  for (var i = start + 1u; i < end; i++) { largest = max(largest, x[i]); }
  var total = 0.0;
  for (var i = start; i < end; i++) { total += exp(x[i] - largest); }
  let logTotal = log(total);
  for (var i = start; i < end; i++) {
    if (LOG) { y[i] = x[i] - largest - logTotal; } else { y[i] = exp(x[i] - largest) / total; }
  }
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x + id.y * 65535u * WORKGROUP;
  if (row >= params.rows) { return; }
  let start = row * params.channels;
  let end = start + params.channels;
  var total = 0.0;
  for (var i = start; i < end; i++) { total += select(dy[i] * saved[i], dy[i], LOG); }
  for (var i = start; i < end; i++) {
    if (LOG) { dx[i] = dy[i] - exp(saved[i]) * total; } else { dx[i] = saved[i] * (dy[i] - total); }
  }
}
