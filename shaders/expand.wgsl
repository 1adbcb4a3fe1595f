// y[i] = x[i broadcast to the shape of y], four elements an invocation.
// @variant E = f16, E4 = vec4<f16>
// @variant E = u32, E4 = vec4<u32>
alias E = f32;
alias E4 = vec4<f32>;
override WORKGROUP: u32 = 64u;

struct Params {
  size: u32,
  scale: f32,
  sizes0: vec4<u32>,
  sizes1: vec4<u32>,
  strides0: vec4<u32>,
  strides1: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<E>;
@group(0) @binding(2) var<storage, read> origin: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<E4>;

// @include strided

fn source(i: u32) -> u32 {
  return strided(min(i, params.size - 1u), params.sizes0, params.sizes1, params.strides0, params.strides1);
}

fn four(i: u32) -> E4 {
  return E4(x[source(i)], x[source(i + 1u)], x[source(i + 2u)], x[source(i + 3u)]);
}

@compute @workgroup_size(WORKGROUP)
fn all(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = 4u * (id.x + id.y * 65535u * WORKGROUP);
  if (i >= params.size) { return; }
  y[i / 4u] = four(i);
}

// Times the scale, in f32.
@compute @workgroup_size(WORKGROUP)
fn scaled(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = 4u * (id.x + id.y * 65535u * WORKGROUP);
  if (i >= params.size) { return; }
  y[i / 4u] = E4(vec4<f32>(four(i)) * params.scale);
}

fn chosen(i: u32) -> E {
  let at = source(i);
  return select(E(), x[at], origin[at] == i);
}

// Only where the value came from; 0 elsewhere.
@compute @workgroup_size(WORKGROUP)
fn toOrigin(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = 4u * (id.x + id.y * 65535u * WORKGROUP);
  if (i >= params.size) { return; }
  y[i / 4u] = E4(chosen(i), chosen(i + 1u), chosen(i + 2u), chosen(i + 3u));
}
