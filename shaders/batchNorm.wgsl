// Batch norm of [rows, channels]: statistics by strips of rows merged in a fixed order, and the affine map with its
// ReLU. An invocation owns one channel group and every `strips`-th row; of `whole` ones, all rows.
// V is f32 where the channel count is no multiple of four; X is what x and y are stored as.
// @variant V = f32, X = f32
// @variant X = vec4<f16>
alias V = vec4<f32>;
alias X = vec4<f32>;
override WORKGROUP: u32 = 64u;
override LANES: u32 = 1u;
override RELU: bool = false;
// Rows added up before they join the total: rounding grows with the longest chain of additions.
const BLOCK: u32 = 64u;

// @include linear
// @include batchNormParams
// @include batchNormAffine
// @include batchNorm
// @include moments
// @include batchNormMoments

@group(0) @binding(3) var<storage, read> mean: array<V>;
@group(0) @binding(4) var<storage, read> variance: array<V>;

var<workgroup> moments: array<Moments, LANES>;

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

// Of all strips, in the first lane.
fn mergeLanes(group: u32, lane: u32) {
  moments[lane] = mergedStrips(group, lane, LANES);
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { moments[lane] = merged(moments[lane], moments[lane + half]); }
  }
}

// Of this rank in its place among all ranks, with zeros in the others'. One workgroup a channel group.
@compute @workgroup_size(LANES)
fn placeMoments(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = id.x + id.y * 65535u;
  if (group >= params.groups) { return; }
  mergeLanes(group, lane);
  if (lane > 0u) { return; }
  for (var i = 0u; i < params.ranks; i++) {
    let own = i == params.rank;
    partial[i * params.groups + group] = select(V(), moments[0].mean, own);
    partial[(params.ranks + i) * params.groups + group] = select(V(), moments[0].spread, own);
  }
}

// One workgroup a channel group.
@compute @workgroup_size(LANES)
fn mergeStatistics(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = id.x + id.y * 65535u;
  if (group >= params.groups) { return; }
  mergeLanes(group, lane);
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
    y[at] = X(select(v, select(v, V(), v < V()), RELU));
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
