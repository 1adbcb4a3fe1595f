// The end of batch norm's statistics where the launch that made x has taken the moments of every `each` rows: they are
// merged in a fixed order, in the lanes of a workgroup a group of four channels.
alias V = vec4<f32>;
override LANES: u32 = 1u;

struct Params {
  rows: u32,
  groups: u32,
  blocks: u32,
  // Rows of a block; the last may have fewer
  each: u32,
  epsilon: f32,
  momentum: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
// Two planes of [blocks, groups]: mean, and sum of squared distances from it.
@group(0) @binding(1) var<storage, read> blocks: array<V>;

// @include batchNormAffine
// @include moments
// @include batchNormMoments

var<workgroup> moments: array<Moments, LANES>;

fn blockAt(own: u32, group: u32) -> Moments {
  let at = own * params.groups + group;
  let count = min(params.each, params.rows - own * params.each);
  return Moments(f32(count), blocks[at], blocks[at + params.blocks * params.groups]);
}

@compute @workgroup_size(LANES)
fn merge(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = id.x + id.y * 65535u;
  if (group >= params.groups) { return; }
  var all = Moments();
  var i = lane;
  for (; i + 3u * LANES < params.blocks; i += 4u * LANES) {
    // All loads before the sums, so that they are under way at once.
    let a = blockAt(i, group);
    let b = blockAt(i + LANES, group);
    let c = blockAt(i + 2u * LANES, group);
    let d = blockAt(i + 3u * LANES, group);
    all = merged(all, merged(merged(a, b), merged(c, d)));
  }
  for (; i < params.blocks; i += LANES) { all = merged(all, blockAt(i, group)); }
  moments[lane] = all;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { moments[lane] = merged(moments[lane], moments[lane + half]); }
  }
  if (lane > 0u) { return; }
  all = moments[0];
  keep(group, affineOf(group, all.mean, all.spread / all.count));
  moveRunning(group, all);
}
