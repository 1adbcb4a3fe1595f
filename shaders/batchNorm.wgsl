// Batch norm of [rows, channels]: statistics by strips of rows merged in a fixed order, the affine map with its ReLU,
// and the gradients. An invocation owns one channel group and every `strips`-th row.
// V is f32 where the channel count is no multiple of four.
// @variant V = f32
alias V = vec4<f32>;
override WORKGROUP: u32 = 64u;
override LANES: u32 = 1u;
override RELU: bool = false;

struct Params {
  rows: u32,
  groups: u32,
  strips: u32,
  epsilon: f32,
  momentum: f32,
  // 1/rows where the statistics depend on x, 0 where they are given
  share: f32,
  // Vs of the output from row to row, and before a row's first
  pitch: u32,
  start: u32,
}

// Count, mean and sum of squared distances from the mean.
struct Moments {
  count: f32,
  mean: V,
  spread: V,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<V>;
@group(0) @binding(2) var<storage, read> dy: array<V>;
@group(0) @binding(3) var<storage, read> mean: array<V>;
@group(0) @binding(4) var<storage, read> variance: array<V>;
@group(0) @binding(5) var<storage, read> weight: array<V>;
@group(0) @binding(6) var<storage, read> bias: array<V>;
@group(0) @binding(7) var<storage, read_write> y: array<V>;
// Two planes of [strips, groups].
@group(0) @binding(8) var<storage, read_write> partial: array<V>;
@group(0) @binding(9) var<storage, read> partials: array<V>;
@group(0) @binding(10) var<storage, read_write> batchMean: array<V>;
@group(0) @binding(11) var<storage, read_write> batchVariance: array<V>;
@group(0) @binding(12) var<storage, read_write> runningMean: array<V>;
@group(0) @binding(13) var<storage, read_write> runningVariance: array<V>;
@group(0) @binding(14) var<storage, read_write> dweight: array<V>;
@group(0) @binding(15) var<storage, read_write> dbias: array<V>;
// What x's gradient loses through mean and variance: [2, groups].
@group(0) @binding(16) var<storage, read_write> loss: array<V>;
@group(0) @binding(17) var<storage, read> losses: array<V>;

var<workgroup> moments: array<Moments, LANES>;
var<workgroup> sums: array<array<V, 2>, LANES>;

fn index(id: vec3<u32>) -> u32 {
  return id.x + id.y * 65535u * WORKGROUP;
}

// Chan, Golub and LeVeque 1979: moments of two sets taken together.
fn merged(a: Moments, b: Moments) -> Moments {
  let count = a.count + b.count;
  if (count == 0.0) { return a; }
  let delta = b.mean - a.mean;
  let part = b.count / count;
  return Moments(count, a.mean + delta * part, a.spread + b.spread + delta * delta * (a.count * part));
}

@compute @workgroup_size(WORKGROUP)
fn statistics(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = index(id);
  let step = params.strips * params.groups;
  let total = params.rows * params.groups;
  if (first >= step) { return; }
  var all = Moments();
  var i = first;
  for (; i + 3u * step < total; i += 4u * step) {
    let v0 = x[i];
    let v1 = x[i + step];
    let v2 = x[i + 2u * step];
    let v3 = x[i + 3u * step];
    let center = ((v0 + v1) + (v2 + v3)) * 0.25;
    let d0 = v0 - center;
    let d1 = v1 - center;
    let d2 = v2 - center;
    let d3 = v3 - center;
    all = merged(all, Moments(4, center, (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)));
  }
  for (; i < total; i += step) { all = merged(all, Moments(1, x[i], V())); }
  partial[first] = all.mean;
  partial[first + step] = all.spread;
}

// One workgroup a channel group. Updates the running statistics, the variance unbiased.
@compute @workgroup_size(LANES)
fn mergeStatistics(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = id.x;
  let step = params.strips * params.groups;
  var all = Moments();
  for (var strip = lane; strip < params.strips; strip += LANES) {
    let at = strip * params.groups + group;
    let count = (params.rows - strip + params.strips - 1u) / params.strips;
    all = merged(all, Moments(f32(count), partials[at], partials[at + step]));
  }
  moments[lane] = all;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { moments[lane] = merged(moments[lane], moments[lane + half]); }
  }
  if (lane > 0u) { return; }
  all = moments[0];
  batchMean[group] = all.mean;
  batchVariance[group] = all.spread / all.count;
  let kept = 1.0 - params.momentum;
  runningMean[group] = runningMean[group] * kept + all.mean * params.momentum;
  runningVariance[group] = runningVariance[group] * kept + all.spread * (params.momentum / (all.count - 1.0));
}

fn inverseDeviation(group: u32) -> V {
  return inverseSqrt(variance[group] + V(params.epsilon));
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = index(id);
  let step = params.strips * params.groups;
  if (first >= step) { return; }
  let group = first % params.groups;
  let center = mean[group];
  let scale = weight[group] * inverseDeviation(group);
  let shift = bias[group];
  var at = (first / params.groups) * params.pitch + params.start + group;
  for (var i = first; i < params.rows * params.groups; i += step) {
    let v = (x[i] - center) * scale + shift;
    y[at] = select(v, max(v, V()), RELU);
    at += params.strips * params.pitch;
  }
}

// dy where the output was not cut by the ReLU; the output's sign is computed again from x.
fn passed(g: V, distance: V, scale: V, shift: V) -> V {
  return select(g, select(V(), g, distance * scale + shift > V()), RELU);
}

// Sums of dy and of dy·(x − mean) by strip.
@compute @workgroup_size(WORKGROUP)
fn gradientSums(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = index(id);
  let step = params.strips * params.groups;
  let total = params.rows * params.groups;
  if (first >= step) { return; }
  let group = first % params.groups;
  let center = mean[group];
  let scale = weight[group] * inverseDeviation(group);
  let shift = bias[group];
  var sum = V();
  var product = V();
  var i = first;
  for (; i + step < total; i += 2u * step) {
    let d0 = x[i] - center;
    let d1 = x[i + step] - center;
    let g0 = passed(dy[i], d0, scale, shift);
    let g1 = passed(dy[i + step], d1, scale, shift);
    sum += g0 + g1;
    product += g0 * d0 + g1 * d1;
  }
  if (i < total) {
    let d = x[i] - center;
    let g = passed(dy[i], d, scale, shift);
    sum += g;
    product += g * d;
  }
  partial[first] = sum;
  partial[first + step] = product;
}

// One workgroup a channel group.
@compute @workgroup_size(LANES)
fn mergeGradients(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = id.x;
  let step = params.strips * params.groups;
  var sum = V();
  var product = V();
  for (var strip = lane; strip < params.strips; strip += LANES) {
    let at = strip * params.groups + group;
    sum += partials[at];
    product += partials[at + step];
  }
  sums[lane] = array<V, 2>(sum, product);
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      sums[lane][0] += sums[lane + half][0];
      sums[lane][1] += sums[lane + half][1];
    }
  }
  if (lane > 0u) { return; }
  let inverse = inverseDeviation(group);
  dbias[group] = sums[0][0];
  dweight[group] = sums[0][1] * inverse;
  loss[group] = sums[0][0] * params.share;
  loss[group + params.groups] = sums[0][1] * inverse * inverse * params.share;
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = index(id);
  let step = params.strips * params.groups;
  if (first >= step) { return; }
  let group = first % params.groups;
  let center = mean[group];
  let scale = weight[group] * inverseDeviation(group);
  let shift = bias[group];
  let byMean = losses[group];
  let byVariance = losses[group + params.groups];
  for (var i = first; i < params.rows * params.groups; i += step) {
    let d = x[i] - center;
    y[i] = scale * (passed(dy[i], d, scale, shift) - byMean - d * byVariance);
  }
}
