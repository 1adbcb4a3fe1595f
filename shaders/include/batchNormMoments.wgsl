// What batch norm makes of moments. V, Moments, Affine and params are the file's.
@group(0) @binding(5) var<storage, read> weight: array<V>;
@group(0) @binding(6) var<storage, read> bias: array<V>;
@group(0) @binding(10) var<storage, read_write> affine: array<V>;
@group(0) @binding(12) var<storage, read_write> runningMean: array<V>;
@group(0) @binding(13) var<storage, read_write> runningVariance: array<V>;

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

// The variance unbiased.
fn moveRunning(group: u32, all: Moments) {
  let stays = 1.0 - params.momentum;
  runningMean[group] = runningMean[group] * stays + all.mean * params.momentum;
  runningVariance[group] = runningVariance[group] * stays + all.spread * (params.momentum / (all.count - 1.0));
}
