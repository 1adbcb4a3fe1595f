// What losses of elements share: which of them count. Needs `mask`, MASKED and params.size.
// The last quad may reach beyond the tensor, where anything may lie.
fn inside(quad: u32) -> vec4<bool> {
  return vec4(4u * quad) + vec4(0u, 1u, 2u, 3u) < vec4(params.size);
}

fn weights(quad: u32) -> vec4<f32> {
  var w = vec4(1.0);
  if (MASKED) { w = mask[quad]; }
  return select(vec4<f32>(), w, inside(quad));
}

// 0 where nothing counts, NaN where the weight is.
fn share(dy: f32, weight: f32) -> f32 {
  return select(dy / weight, 0.0, weight <= 0.0);
}
