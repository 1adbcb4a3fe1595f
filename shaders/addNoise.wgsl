// Normal noise: four values an invocation share one Philox block of their image's key, so a value follows from the key
// and its place in the image alone.
override WORKGROUP: u32 = 64u;

struct Params {
  // Of an image: values, and invocations.
  each: u32,
  quads: u32,
  // Invocations in all.
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
// By image.
@group(0) @binding(2) var<storage, read> sigmas: array<f32>;
// By image, two words.
@group(0) @binding(3) var<storage, read> keys: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

// @include special
// @include philox

// Box and Muller, on 24 bits of each word, which a float holds exactly.
fn normals(words: vec4<u32>) -> vec4<f32> {
  let parts = vec4<f32>(words >> vec4<u32>(8u)) / 16777216.0;
  let radius = sqrt(-2.0 * log(parts.xz + 1.0 / 16777216.0));
  let angle = 6.2831853 * vec4<f32>(parts.y, parts.y, parts.w, parts.w);
  let cosine = sine4(angle, 1u);
  let sine = sine4(angle, 0u);
  return vec4<f32>(radius.x * cosine.x, radius.x * sine.y, radius.y * cosine.z, radius.y * sine.w);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * 65535u * WORKGROUP;
  if (i >= params.count) { return; }
  let image = i / params.quads;
  let quad = i % params.quads;
  let sigma = sigmas[image];
  let key = vec2<u32>(keys[2u * image], keys[2u * image + 1u]);
  let noise = normals(philox(vec4<u32>(quad, 0u, 0u, 0u), key));
  let first = image * params.each + 4u * quad;
  for (var j = 0u; j < min(4u, params.each - 4u * quad); j++) {
    let v = x[first + j];
    y[first + j] = select(v + sigma * noise[j], v, sigma == 0.0);
  }
}
