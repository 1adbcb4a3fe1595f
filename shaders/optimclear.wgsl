// Makes a gradient arena whole before it is read: zeroes slots that no gradient reached, and single elements.
override WORKGROUP: u32 = 64u;

struct Params {
  first: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> gradients: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> elements: array<f32>;
@group(0) @binding(3) var<storage, read> tails: array<u32>;

// @include linear

@compute @workgroup_size(WORKGROUP)
fn clear(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i < params.count) { gradients[params.first + i] = vec4<f32>(); }
}

@compute @workgroup_size(WORKGROUP)
fn scatter(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = index(id);
  if (i < params.count) { elements[tails[i]] = 0; }
}
