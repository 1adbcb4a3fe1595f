// Losses of rows of logits with class numbers: what they read and write, and the forward launch, in strips of the sums of
// `lossOf` the rows. Wants E and Params.
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<E>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read_write> partials: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read> dy: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<E>;

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let strip = index(id);
  if (strip >= params.strips) { return; }
  var total = vec2<f32>();
  for (var row = strip; row < params.rows; row += params.strips) { total += lossOf(row); }
  partials[strip] = total;
}
