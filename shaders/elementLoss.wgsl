// Losses of a difference, element by element: forward in strips of (Σ weight·term, Σ weight), and the gradient.
// @variant E4 = vec4<f16>
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;
// 0 squared error, 1 smooth L1
override FUNCTION: u32 = 0u;
override MASKED: bool = false;

struct Params {
  size: u32,
  quads: u32,
  strips: u32,
  beta: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> prediction: array<E4>;
@group(0) @binding(2) var<storage, read> goal: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> mask: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> partials: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read> weight: array<f32>;
@group(0) @binding(6) var<storage, read> dy: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<E4>;

fn index(id: vec3<u32>) -> u32 {
  return id.x + id.y * 65535u * WORKGROUP;
}

// The last quad may reach beyond the tensor, where anything may lie.
fn inside(quad: u32) -> vec4<bool> {
  return vec4(4u * quad) + vec4(0u, 1u, 2u, 3u) < vec4(params.size);
}

fn weights(quad: u32) -> vec4<f32> {
  var w = vec4(1.0);
  if (MASKED) { w = mask[quad]; }
  return select(vec4<f32>(), w, inside(quad));
}

// What does not count may hold anything, NaN included.
fn difference(quad: u32, w: vec4<f32>) -> vec4<f32> {
  return select(vec4<f32>(), vec4<f32>(prediction[quad]) - goal[quad], w != vec4<f32>());
}

fn term(d: vec4<f32>) -> vec4<f32> {
  if (FUNCTION == 0u) { return d * d; }
  let near = abs(d) < vec4(params.beta);
  return select(abs(d) - 0.5 * params.beta, 0.5 * d * d / params.beta, near);
}

fn slope(d: vec4<f32>) -> vec4<f32> {
  if (FUNCTION == 0u) { return 2.0 * d; }
  return clamp(d / params.beta, vec4(-1.0), vec4(1.0));
}

@compute @workgroup_size(WORKGROUP)
fn forward(@builtin(global_invocation_id) id: vec3<u32>) {
  let strip = index(id);
  if (strip >= params.strips) { return; }
  var total = vec2<f32>();
  for (var quad = strip; quad < params.quads; quad += params.strips) {
    let w = weights(quad);
    total += vec2(dot(w, term(difference(quad, w))), dot(w, vec4(1.0)));
  }
  partials[strip] = total;
}

@compute @workgroup_size(WORKGROUP)
fn backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let quad = index(id);
  if (quad >= params.quads) { return; }
  let w = weights(quad);
  let scale = select(0.0, dy[0] / weight[0], weight[0] > 0.0);
  dx[quad] = E4(scale * w * slope(difference(quad, w)));
}
