// Norm of the gradient arena in two stages of fixed order, and the factor that clips it.
override WORKGROUP: u32 = 64u;

struct Params {
  quads: u32,
  // how many partial sums; a multiple of WORKGROUP
  strips: u32,
  maxNorm: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradients: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;
@group(0) @binding(3) var<storage, read> sums: array<f32>;
@group(0) @binding(4) var<storage, read_write> clip: array<f32>;

var<workgroup> lanes: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn square(@builtin(global_invocation_id) id: vec3<u32>) {
  var total = vec4<f32>();
  for (var i = id.x; i < params.quads; i += params.strips) {
    total += gradients[i] * gradients[i];
  }
  partials[id.x] = dot(total, vec4<f32>(1));
}

@compute @workgroup_size(WORKGROUP)
fn finish(@builtin(local_invocation_index) lane: u32) {
  var total = 0.0;
  for (var i = lane; i < params.strips; i += WORKGROUP) { total += sums[i]; }
  lanes[lane] = total;
  workgroupBarrier();
  if (lane > 0u) { return; }
  var all = 0.0;
  for (var i = 0u; i < WORKGROUP; i++) { all += lanes[i]; }
  let norm = sqrt(all);
  clip[0] = norm;
  clip[1] = min(1.0, params.maxNorm / (norm + 1e-6));
}
