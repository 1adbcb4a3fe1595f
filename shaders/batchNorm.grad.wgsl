// Gradients of batch norm, its ReLU included: sums over the rows by strips in a fixed order, and the gradient of x.
// An invocation owns one channel group and every `strips`-th row; of `whole` ones, all rows.
// V is f32 where the channel count is no multiple of four; X is what x and the images' gradients are stored as.
// @variant V = f32, X = f32
// @variant X = vec4<f16>
alias V = vec4<f32>;
alias X = vec4<f32>;
override WORKGROUP: u32 = 64u;
override LANES: u32 = 1u;
override RELU: bool = false;
// Whether the statistics were given: then x loses nothing through them.
override GIVEN: bool = false;
// Rows added up before they join the total: rounding grows with the longest chain of additions.
const BLOCK: u32 = 64u;

// @include linear
// @include batchNormParams
// @include batchNormAffine
// @include batchNorm

@group(0) @binding(2) var<storage, read> dy: array<X>;
@group(0) @binding(14) var<storage, read_write> dweight: array<V>;
@group(0) @binding(15) var<storage, read_write> dbias: array<V>;
// Sums of dy and of dy·(x − mean): [2, groups].
@group(0) @binding(16) var<storage, read_write> sum: array<V>;
@group(0) @binding(17) var<storage, read> sums: array<V>;

var<workgroup> pairs: array<array<V, 2>, LANES>;

// dy but where the ReLU cut the output, whose sign is computed again from x; what is NaN was not cut.
fn passed(g: V, distance: V, a: Affine) -> V {
  return select(g, select(V(), g, !(distance * a.scale + a.shift <= V())), RELU);
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
  let group = id.x + id.y * 65535u;
  if (group >= params.groups) { return; }
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
    let g = passed(V(dy[i]), d, a);
    // 0 times a sum that is not finite would be NaN.
    y[i] = X(a.scale * select(g - byMean - d * byVariance, g, GIVEN));
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
