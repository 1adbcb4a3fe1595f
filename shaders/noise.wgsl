// Uniform numbers in [0, 1), 24 bits each, by a seed for each example: four of an example an invocation.
override WORKGROUP: u32 = 64u;

struct Params {
  count: u32,
  // Elements of an example, and their quads.
  each: u32,
  quads: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// By example: low and high word.
@group(0) @binding(1) var<storage, read> seeds: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

// @include philox

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * 65535u * WORKGROUP;
  if (i >= params.count) { return; }
  let example = i / params.quads;
  let quad = i % params.quads;
  let bits = philox(vec4<u32>(quad, 0u, 0u, 0u), vec2<u32>(seeds[2u * example], seeds[2u * example + 1u]));
  let values = vec4<f32>(bits >> vec4<u32>(8u)) / 16777216.0;
  for (var j = 0u; j < min(4u, params.each - 4u * quad); j++) {
    y[example * params.each + 4u * quad + j] = values[j];
  }
}
