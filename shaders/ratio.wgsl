// The end of a loss: strips of (Σ weight·term, Σ weight) become their ratio, 0 where nothing counts, or the sum, in a
// fixed order.
override LANES: u32 = 64u;
override SUM: bool = false;
// Strips added up before they join the lane's total: rounding grows with the longest chain of additions.
const BLOCK: u32 = 64u;

struct Params {
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> partials: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> weight: array<f32>;

var<workgroup> lanes: array<vec2<f32>, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_id) id: vec3<u32>) {
  var total = vec2<f32>();
  var i = id.x;
  while (i < params.count) {
    var chain = vec2<f32>();
    let stop = min(i + BLOCK * LANES, params.count);
    while (i < stop) {
      chain += partials[i];
      i += LANES;
    }
    total += chain;
  }
  lanes[id.x] = total;
  workgroupBarrier();
  if (id.x > 0u) { return; }
  for (var lane = 1u; lane < LANES; lane++) { total += lanes[lane]; }
  if (SUM) {
    loss[0] = total.x;
    weight[0] = 1.0;
  } else {
    // A weight that is NaN is not 0.
    loss[0] = select(total.x / total.y, 0.0, total.y <= 0.0);
    weight[0] = total.y;
  }
}
