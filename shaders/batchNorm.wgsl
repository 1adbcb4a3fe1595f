// Batch norm of [rows, channels]: statistics by strips of rows merged in a fixed order, the affine map with its ReLU,
// and the gradients. An invocation owns one channel group and every `strips`-th row; of `whole` ones, all rows.
// V is f32 where the channel count is no multiple of four; X is what x, y and their gradients are stored as.
// @variant V = f32, X = f32
// @variant X = vec4<f16>
alias V = vec4<f32>;
alias X = vec4<f32>;
override WORKGROUP: u32 = 64u;
override LANES: u32 = 1u;
override RELU: bool = false;
// Rows added up before they join the total: rounding grows with the longest chain of additions.
const BLOCK: u32 = 64u;

struct Params {
  rows: u32,
  groups: u32,
  strips: u32,
  epsilon: f32,
  momentum: f32,
  // 1/rows where the statistics depend on x, 0 where they are given
  share: f32,
  // Xs of the output from row to row, and before a row's first
  pitch: u32,
  start: u32,
}

// Count, mean and sum of squared distances from the mean.
struct Moments {
  count: f32,
  mean: V,
  spread: V,
}

// (x − center)·scale + shift, with 1/√(variance + epsilon).
struct Affine {
  center: V,
  scale: V,
  shift: V,
  inverse: V,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<X>;
@group(0) @binding(2) var<storage, read> dy: array<X>;
@group(0) @binding(3) var<storage, read> mean: array<V>;
@group(0) @binding(4) var<storage, read> variance: array<V>;
@group(0) @binding(5) var<storage, read> weight: array<V>;
@group(0) @binding(6) var<storage, read> bias: array<V>;
@group(0) @binding(7) var<storage, read_write> y: array<X>;
// Two planes of [strips, groups].
@group(0) @binding(8) var<storage, read_write> partial: array<V>;
@group(0) @binding(9) var<storage, read> partials: array<V>;
// Affines as [4, groups].
@group(0) @binding(10) var<storage, read_write> affine: array<V>;
@group(0) @binding(11) var<storage, read> affines: array<V>;
@group(0) @binding(12) var<storage, read_write> runningMean: array<V>;
@group(0) @binding(13) var<storage, read_write> runningVariance: array<V>;
@group(0) @binding(14) var<storage, read_write> dweight: array<V>;
@group(0) @binding(15) var<storage, read_write> dbias: array<V>;
// Sums of dy and of dy·(x − mean): [2, groups].
@group(0) @binding(16) var<storage, read_write> sum: array<V>;
@group(0) @binding(17) var<storage, read> sums: array<V>;

var<workgroup> moments: array<Moments, LANES>;
var<workgroup> pairs: array<array<V, 2>, LANES>;

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

// Of an invocation's rows.
fn rowMoments(first: u32) -> Moments {
  let step = params.strips * params.groups;
  let total = params.rows * params.groups;
  var all = Moments();
  var i = first;
  while (i < total) {
    var chain = Moments();
    let stop = min(i + BLOCK * step, total);
    for (; i + 3u * step < stop; i += 4u * step) {
      let v0 = V(x[i]);
      let v1 = V(x[i + step]);
      let v2 = V(x[i + 2u * step]);
      let v3 = V(x[i + 3u * step]);
      let center = ((v0 + v1) + (v2 + v3)) * 0.25;
      let d0 = v0 - center;
      let d1 = v1 - center;
      let d2 = v2 - center;
      let d3 = v3 - center;
      chain = merged(chain, Moments(4, center, (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)));
    }
    for (; i < stop; i += step) { chain = merged(chain, Moments(1, V(x[i]), V())); }
    all = merged(all, chain);
  }
  return all;
}

@compute @workgroup_size(WORKGROUP)
fn statistics(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = index(id);
  let step = params.strips * params.groups;
  if (first >= step) { return; }
  let all = rowMoments(first);
  partial[first] = all.mean;
  partial[first + step] = all.spread;
}

// Moments of every `by`-th strip.
fn mergedStrips(group: u32, lane: u32, by: u32) -> Moments {
  let step = params.strips * params.groups;
  var all = Moments();
  for (var strip = lane; strip < params.strips; strip += by) {
    let at = strip * params.groups + group;
    let count = (params.rows - strip + params.strips - 1u) / params.strips;
    all = merged(all, Moments(f32(count), partials[at], partials[at + step]));
  }
  return all;
}

fn affineOf(group: u32, center: V, spread: V) -> Affine {
  let inverse = inverseSqrt(spread + V(params.epsilon));
  return Affine(center, weight[group] * inverse, bias[group], inverse);
}

// For the gradients.
fn keep(group: u32, a: Affine) {
  affine[group] = a.center;
  affine[group + params.groups] = a.scale;
  affine[group + 2u * params.groups] = a.shift;
  affine[group + 3u * params.groups] = a.inverse;
}

fn kept(group: u32) -> Affine {
  let scale = affines[group + params.groups];
  let shift = affines[group + 2u * params.groups];
  return Affine(affines[group], scale, shift, affines[group + 3u * params.groups]);
}

// The variance unbiased.
fn moveRunning(group: u32, all: Moments) {
  let stays = 1.0 - params.momentum;
  runningMean[group] = runningMean[group] * stays + all.mean * params.momentum;
  runningVariance[group] = runningVariance[group] * stays + all.spread * (params.momentum / (all.count - 1.0));
}

// One workgroup a channel group.
@compute @workgroup_size(LANES)
fn mergeStatistics(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = id.x;
  moments[lane] = mergedStrips(group, lane, LANES);
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { moments[lane] = merged(moments[lane], moments[lane + half]); }
  }
  if (lane > 0u) { return; }
  let all = moments[0];
  keep(group, affineOf(group, all.mean, all.spread / all.count));
  moveRunning(group, all);
}

fn apply(first: u32, a: Affine) {
  let step = params.strips * params.groups;
  let total = params.rows * params.groups;
  let pitch = params.strips * params.pitch;
  var at = (first / params.groups) * params.pitch + params.start + first % params.groups;
  for (var i = first; i < total; i += step) {
    let v = (V(x[i]) - a.center) * a.scale + a.shift;
    y[at] = X(select(v, max(v, V()), RELU));
    at += pitch;
  }
}

// Every invocation merges the strips anew: with few of them that is cheaper than a launch.
@compute @workgroup_size(WORKGROUP)
fn forwardStrips(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = index(id);
  if (first >= params.strips * params.groups) { return; }
  let group = first % params.groups;
  let all = mergedStrips(group, 0u, 1u);
  let a = affineOf(group, all.mean, all.spread / all.count);
  if (first < params.groups) {
    keep(group, a);
    moveRunning(group, all);
  }
  apply(first, a);
}

@compute @workgroup_size(WORKGROUP)
fn forwardWhole(@builtin(global_invocation_id) id: vec3<u32>) {
  let group = index(id);
  if (group >= params.groups) { return; }
  let all = rowMoments(group);
  let a = affineOf(group, all.mean, all.spread / all.count);
  keep(group, a);
  moveRunning(group, all);
  apply(group, a);
}

@compute @workgroup_size(WORKGROUP)
fn forwardGiven(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = index(id);
  if (first >= params.strips * params.groups) { return; }
  let group = first % params.groups;
  let a = affineOf(group, mean[group], variance[group]);
  if (first < params.groups) { keep(group, a); }
  apply(first, a);
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = index(id);
  if (first < params.strips * params.groups) { apply(first, kept(first % params.groups)); }
}

// dy where the output was not cut by the ReLU; the output's sign is computed again from x.
fn passed(g: V, distance: V, a: Affine) -> V {
  return select(g, select(V(), g, distance * a.scale + a.shift > V()), RELU);
}

// Sums of dy and of dy·(x − mean) over an invocation's rows.
fn rowSums(first: u32, a: Affine) -> array<V, 2> {
  let step = params.strips * params.groups;
  let total = params.rows * params.groups;
  var all = V();
  var product = V();
  var i = first;
  while (i < total) {
    var some = V();
    var products = V();
    let stop = min(i + BLOCK * step, total);
    for (; i + step < stop; i += 2u * step) {
      let d0 = V(x[i]) - a.center;
      let d1 = V(x[i + step]) - a.center;
      let g0 = passed(V(dy[i]), d0, a);
      let g1 = passed(V(dy[i + step]), d1, a);
      some += g0 + g1;
      products += g0 * d0 + g1 * d1;
    }
    if (i < stop) {
      let d = V(x[i]) - a.center;
      let g = passed(V(dy[i]), d, a);
      some += g;
      products += g * d;
      i += step;
    }
    all += some;
    product += products;
  }
  return array<V, 2>(all, product);
}

@compute @workgroup_size(WORKGROUP)
fn gradientSums(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = index(id);
  let step = params.strips * params.groups;
  if (first >= step) { return; }
  let pair = rowSums(first, kept(first % params.groups));
  partial[first] = pair[0];
  partial[first + step] = pair[1];
}

// Every `by`-th strip's.
fn summedStrips(group: u32, lane: u32, by: u32) -> array<V, 2> {
  let step = params.strips * params.groups;
  var all = V();
  var product = V();
  for (var strip = lane; strip < params.strips; strip += by) {
    let at = strip * params.groups + group;
    all += partials[at];
    product += partials[at + step];
  }
  return array<V, 2>(all, product);
}

fn storeGradients(group: u32, pair: array<V, 2>, inverse: V) {
  dbias[group] = pair[0];
  dweight[group] = pair[1] * inverse;
}

// One workgroup a channel group.
@compute @workgroup_size(LANES)
fn mergeGradients(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = id.x;
  pairs[lane] = summedStrips(group, lane, LANES);
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) {
      pairs[lane][0] += pairs[lane + half][0];
      pairs[lane][1] += pairs[lane + half][1];
    }
  }
  if (lane > 0u) { return; }
  let pair = pairs[0];
  storeGradients(group, pair, kept(group).inverse);
  sum[group] = pair[0];
  sum[group + params.groups] = pair[1];
}

// Gradient of x; `pair`: sums of dy and of dy·(x − mean) over the rows.
fn applyGradient(first: u32, a: Affine, pair: array<V, 2>) {
  let step = params.strips * params.groups;
  let total = params.rows * params.groups;
  // what is lost through the batch's mean and variance
  let byMean = pair[0] * params.share;
  let byVariance = pair[1] * a.inverse * a.inverse * params.share;
  for (var i = first; i < total; i += step) {
    let d = V(x[i]) - a.center;
    y[i] = X(a.scale * (passed(V(dy[i]), d, a) - byMean - d * byVariance));
  }
}

@compute @workgroup_size(WORKGROUP)
fn backwardStrips(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = index(id);
  if (first >= params.strips * params.groups) { return; }
  let group = first % params.groups;
  let a = kept(group);
  let pair = summedStrips(group, 0u, 1u);
  if (first < params.groups) { storeGradients(group, pair, a.inverse); }
  applyGradient(first, a, pair);
}

@compute @workgroup_size(WORKGROUP)
fn backwardWhole(@builtin(global_invocation_id) id: vec3<u32>) {
  let group = index(id);
  if (group >= params.groups) { return; }
  let a = kept(group);
  let pair = rowSums(group, a);
  storeGradients(group, pair, a.inverse);
  applyGradient(group, a, pair);
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = index(id);
  if (first >= params.strips * params.groups) { return; }
  let group = first % params.groups;
  applyGradient(first, kept(group), array<V, 2>(sums[group], sums[group + params.groups]));
}
